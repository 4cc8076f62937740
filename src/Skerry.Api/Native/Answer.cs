using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Skerry.Api.Common;
using Skerry.Domain;

namespace Skerry.Api.Native;

/// <summary>
/// What came of a request. Work that an operation carries out later is 202, with the operation in the body and in
/// <c>X-Skerry-Operation</c>.
/// </summary>
internal static class Answer
{
    public static IResult Of<TWire>(TWire wire, JsonTypeInfo<TWire> type, int status = StatusCodes.Status200OK, string? operationId = null) =>
        new JsonAnswer<TWire>(wire, type, operationId is null ? status : StatusCodes.Status202Accepted, operationId);

    public static IResult From<T, TWire>(
        Outcome<T> outcome, Func<T, TWire> shape, JsonTypeInfo<TWire> type, int status = StatusCodes.Status200OK) =>
        outcome.Refusal is { } refusal ? new Fault(refusal) : Of(shape(outcome.Value), type, status, outcome.OperationId);

    /// <summary>204, or the refusal.</summary>
    public static IResult Empty<T>(Outcome<T> outcome) =>
        outcome.Refusal is { } refusal ? new Fault(refusal) : TypedResults.NoContent();

    private sealed class JsonAnswer<T>(T wire, JsonTypeInfo<T> type, int status, string? operationId) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            var bytes = JsonSerializer.SerializeToUtf8Bytes(wire, type);
            response.StatusCode = status;
            response.ContentType = "application/json";
            response.ContentLength = bytes.Length;
            if (operationId is not null)
            {
                response.Headers[Reply.OperationHeader] = operationId;
            }

            if (!HttpMethods.IsHead(httpContext.Request.Method))
            {
                await response.Body.WriteAsync(bytes, httpContext.RequestAborted);
            }
        }
    }
}
