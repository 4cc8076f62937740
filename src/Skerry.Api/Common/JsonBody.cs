using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Skerry.Domain;

namespace Skerry.Api.Common;

/// <summary>A request's body as JSON. Endpoints take it as a parameter; what is wrong with it is a fault, never an exception.</summary>
internal sealed class JsonBody
{
    private const int MaxDepth = 32;

    private readonly JsonElement _root;

    private JsonBody(JsonElement root, Fault? fault)
    {
        _root = root;
        Fault = fault;
    }

    /// <summary>Why there is nothing to read; null when there is.</summary>
    public Fault? Fault { get; }

    public static async ValueTask<JsonBody?> BindAsync(HttpContext context)
    {
        var request = context.Request;
        if (!string.IsNullOrEmpty(request.ContentType)
            && !(MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
                && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)))
        {
            var status = context.GetEndpoint()?.Metadata.GetMetadata<FaultDialect>() is KeystoneFaults
                ? StatusCodes.Status400BadRequest
                : StatusCodes.Status415UnsupportedMediaType;
            return new JsonBody(default, new Fault(status, "Unsupported Content-Type: send application/json."));
        }

        try
        {
            using var document = await JsonDocument.ParseAsync(
                request.Body, new JsonDocumentOptions { MaxDepth = MaxDepth }, context.RequestAborted);
            return new JsonBody(document.RootElement.Clone(), null);
        }
        catch (JsonException exception)
        {
            var where = exception.LineNumber is { } line ? $" (line {line + 1}, byte {exception.BytePositionInLine + 1})" : "";
            return new JsonBody(
                default,
                new Fault(Refusal.Invalid("body", $"The request body is not JSON{where}, or is nested deeper than {MaxDepth} levels.")));
        }
    }

    /// <summary>The members of the object that the body wraps in <paramref name="envelope"/>, as OpenStack's requests do.</summary>
    public JsonFields Envelope(string envelope)
    {
        var fields = new JsonFields(_root, "body");
        return fields.Object(envelope, required: true)!;
    }

    /// <summary>The members of the body itself.</summary>
    public JsonFields Root => new(_root, "body");

    /// <summary>The body's single member: an action's name and its argument. Null when the body is not such.</summary>
    public (string Name, JsonFields Fields)? Action()
    {
        if (_root.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        using var members = _root.EnumerateObject();
        if (!members.MoveNext())
        {
            return null;
        }

        var action = members.Current;
        return members.MoveNext() || !JsonFields.TryName(action, out var name) ? null : (name, new JsonFields(action.Value, name));
    }
}
