using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Skerry.Domain.Identity;
using Skerry.Domain.Sessions;
using Skerry.State.Storage;

namespace Skerry.Api.Common;

/// <summary>
/// What every API has in common: a request id, a bound on the body, the token, the microversion, and an answer in the service's own
/// words for whatever goes wrong, with no word of how the software is made.
/// </summary>
internal sealed class ApiMiddleware(RequestDelegate next, TokenService tokens, SessionService sessions, ILogger<ApiMiddleware> logger)
{
    public const string RequestIdHeader = "X-Openstack-Request-Id";

    /// <summary>In bytes, as the block storage service bounds it.</summary>
    private const long MaxBodyBytes = 114_688;

    public async Task InvokeAsync(HttpContext context)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<FaultDialect>() is not { } dialect)
        {
            await next(context);
            return;
        }

        var requestId = $"req-{Guid.NewGuid():D}";
        context.Response.Headers[RequestIdHeader] = requestId;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxBodyBytes;
        }

        try
        {
            if (metadata.GetMetadata<AnonymousMetadata>() is null && !Authenticate(context))
            {
                await Fault.WriteAsync(
                    context, dialect, StatusCodes.Status401Unauthorized, "The request you have made requires authentication.", null);
                return;
            }

            if (metadata.GetMetadata<MicroversionRange>() is { } range && range.Negotiate(context) is { } wrongVersion)
            {
                await wrongVersion.ExecuteAsync(context);
                return;
            }

            if (await SessionHeaders.RefuseAsync(context, sessions) is { } behind)
            {
                await Fault.WriteAsync(context, dialect, behind.Status, behind.Message, null);
                return;
            }

            SessionHeaders.TellWith(context, sessions);
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away; nobody is there to read an answer.
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            var message = exception.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? $"The request body is larger than {MaxBodyBytes} bytes."
                : "The request could not be read.";
            await Fault.WriteAsync(context, dialect, exception.StatusCode, message, null);
        }
        catch (StateStoreException exception) when (!context.Response.HasStarted)
        {
            Log.NotDurable(logger, context.Request.Method, context.Request.Path.Value ?? "", requestId, exception.Message);
            context.Response.Headers.RetryAfter = "5";
            await Fault.WriteAsync(
                context,
                dialect,
                StatusCodes.Status503ServiceUnavailable,
                exception.NothingWritten
                    ? "The site cannot make changes durable at the moment, and nothing was changed. Try again."
                    : "The site could not learn whether the change is durable: it was not acknowledged, and may show later. Look before you try again.",
                null);
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            Log.RequestFailed(logger, exception, context.Request.Method, context.Request.Path.Value ?? "", requestId);
            await Fault.WriteAsync(
                context,
                dialect,
                StatusCodes.Status500InternalServerError,
                $"The site could not carry out the request. Its log says why under {requestId}.",
                null);
        }
    }

    private bool Authenticate(HttpContext context)
    {
        var header = context.Request.Headers[Caller.TokenHeader];
        if (header is not [{ Length: > 0 } text] || tokens.Verify(text) is not { IsRefused: false, Value: var token })
        {
            return false;
        }

        context.Features.Set(new Caller(token));
        return true;
    }
}
