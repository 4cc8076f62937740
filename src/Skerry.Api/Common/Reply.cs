using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Skerry.Domain;

namespace Skerry.Api.Common;

/// <summary>
/// What came of a request, as an HTTP answer. <c>X-Skerry-Operation</c> names the operation that carries the work out when it was
/// queued rather than done.
/// </summary>
internal sealed class Reply : IResult
{
    public const string OperationHeader = "X-Skerry-Operation";

    /// <summary>The answer is JSON and nothing else, so nothing in it need be hidden from a page.</summary>
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly int _status;
    private readonly JsonObject? _body;
    private readonly string? _operationId;
    private readonly (string Name, string Value)? _header;

    private Reply(int status, JsonObject? body, string? operationId = null, (string Name, string Value)? header = null)
    {
        _status = status;
        _body = body;
        _operationId = operationId;
        _header = header;
    }

    public static IResult Ok(JsonObject body) => new Reply(StatusCodes.Status200OK, body);

    public static IResult NoContent { get; } = new Reply(StatusCodes.Status204NoContent, null);

    public static IResult Json(int status, JsonObject body, string header, string value) =>
        new Reply(status, body, header: (header, value));

    /// <summary>The value in the given shape, or the refusal.</summary>
    public static IResult From<T>(Outcome<T> outcome, int status, Func<T, JsonObject> shape) => outcome.Refusal is { } refusal
        ? new Fault(refusal)
        : new Reply(status, shape(outcome.Value), outcome.OperationId);

    /// <summary>Only that it was accepted, or the refusal.</summary>
    public static IResult From<T>(Outcome<T> outcome, int status) => outcome.Refusal is { } refusal
        ? new Fault(refusal)
        : new Reply(status, null, outcome.OperationId);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = _status;
        if (_operationId is not null)
        {
            response.Headers[OperationHeader] = _operationId;
        }

        if (_header is { } header)
        {
            response.Headers[header.Name] = header.Value;
        }

        return _body is null ? Task.CompletedTask : WriteJsonAsync(httpContext, _body);
    }

    public static async Task WriteJsonAsync(HttpContext context, JsonObject body)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes<JsonNode>(body, Plain);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        }
    }
}
