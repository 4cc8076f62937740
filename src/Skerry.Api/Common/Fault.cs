using Microsoft.AspNetCore.Http;
using Skerry.Domain;

namespace Skerry.Api.Common;

/// <summary>A refused request as an HTTP answer, worded by the dialect of the endpoint.</summary>
internal sealed class Fault : IResult
{
    private readonly int? _status;
    private readonly string _message;
    private readonly Refusal? _refusal;

    public Fault(Refusal refusal)
    {
        _refusal = refusal;
        _message = refusal.ToString();
    }

    /// <summary>For what only HTTP knows: a wrong content type, an unknown version.</summary>
    public Fault(int status, string message)
    {
        _status = status;
        _message = message;
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var dialect = httpContext.GetEndpoint()?.Metadata.GetMetadata<FaultDialect>() ?? KeystoneFaults.Instance;
        return WriteAsync(httpContext, dialect, _status ?? dialect.StatusOf(_refusal!.Kind), _message, _refusal);
    }

    public static Task WriteAsync(HttpContext context, FaultDialect dialect, int status, string message, Refusal? refusal)
    {
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = $"Keystone uri=\"{context.Request.BaseUrl()}/identity\"";
        }

        return Reply.WriteJsonAsync(context, dialect.Body(status, message, refusal));
    }
}
