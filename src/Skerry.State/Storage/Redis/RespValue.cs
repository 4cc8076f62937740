using System.Globalization;
using System.Text;

namespace Skerry.State.Storage.Redis;

/// <summary>A reply of Redis; see https://redis.io/docs/latest/develop/reference/protocol-spec/ (RESP2).</summary>
internal sealed record RespValue
{
    private RespValue()
    {
    }

    public static RespValue Null { get; } = new();

    /// <summary>What the server says instead of an answer, as <c>OOM command not allowed …</c>.</summary>
    public string? Error { get; private init; }

    /// <summary>Of a text or a blob.</summary>
    public byte[]? Bytes { get; private init; }

    public long? Number { get; private init; }

    public IReadOnlyList<RespValue>? Items { get; private init; }

    public string Text => Bytes is null ? Number?.ToString(CultureInfo.InvariantCulture) ?? "" : Encoding.UTF8.GetString(Bytes);

    public static RespValue OfError(string text) => new() { Error = text };

    public static RespValue Of(byte[] bytes) => new() { Bytes = bytes };

    public static RespValue Of(long number) => new() { Number = number };

    public static RespValue Of(IReadOnlyList<RespValue> items) => new() { Items = items };
}
