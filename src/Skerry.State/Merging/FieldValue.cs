using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Skerry.State.Merging;

/// <summary>
/// The value of a field: JSON in one canonical UTF-8 form (no white space, members in ordinal order, the last of equal names, numbers
/// as they were written). Two values are equal when their bytes are. The default is JSON null.
/// </summary>
public readonly struct FieldValue : IEquatable<FieldValue>
{
    private static readonly byte[] NullText = "null"u8.ToArray();
    private static readonly byte[] TrueText = "true"u8.ToArray();
    private static readonly byte[] FalseText = "false"u8.ToArray();

    /// <summary>What a JSON string may hold as it is, by far the most common: no escape, no control character, ASCII alone.</summary>
    private static readonly SearchValues<byte> PlainText = SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Select(c => (byte)c).Where(c => c is not ((byte)'"' or (byte)'\\'))]);
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly ReadOnlyMemory<byte> _utf8;

    /// <param name="utf8">JSON, which must not change afterwards; may be a part of something larger, which is then held by it.</param>
    internal FieldValue(ReadOnlyMemory<byte> utf8) => _utf8 = utf8;

    public static FieldValue Null => default;

    /// <summary>The canonical JSON text. Belongs to the value: read it, never write it.</summary>
    public ReadOnlyMemory<byte> Utf8 => _utf8.IsEmpty ? NullText : _utf8;

    public bool IsNull => Bytes.SequenceEqual(NullText);

    internal ReadOnlySpan<byte> Bytes => _utf8.IsEmpty ? NullText : _utf8.Span;

    /// <exception cref="JsonException">The text is not JSON.</exception>
    public static FieldValue FromJson(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Canonical(document.RootElement);
    }

    public static FieldValue FromString(string? text) => text is null ? Null : Write(writer => writer.WriteStringValue(text));

    public static FieldValue From(long number)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(number, digits, out var written);
        return new FieldValue(digits[..written].ToArray());
    }

    public static FieldValue From(bool value) => new(value ? TrueText : FalseText);

    public static FieldValue Serialize<T>(T value, JsonTypeInfo<T> type)
    {
        using var document = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(value, type));
        return Canonical(document.RootElement);
    }

    /// <summary>Holds bytes that another site wrote to JSON; its form is that site's.</summary>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    internal static void Check(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length >= 2 && utf8[0] == '"' && utf8[^1] == '"' && !utf8[1..^1].ContainsAnyExcept(PlainText)) return;
        var reader = new Utf8JsonReader(utf8);
        while (reader.Read())
        {
        }
    }

    /// <summary>The text, or null for JSON null.</summary>
    /// <exception cref="InvalidOperationException">The value is neither.</exception>
    public string? AsString()
    {
        var reader = Reader();
        return reader.GetString();
    }

    /// <exception cref="InvalidOperationException">The value is not a number.</exception>
    /// <exception cref="FormatException">The number is not a whole one of 64 bits.</exception>
    public long AsInt64()
    {
        var reader = Reader();
        return reader.GetInt64();
    }

    /// <exception cref="InvalidOperationException">The value is neither true nor false.</exception>
    public bool AsBoolean()
    {
        var reader = Reader();
        return reader.GetBoolean();
    }

    /// <exception cref="JsonException">The value does not fit the type.</exception>
    public T? Deserialize<T>(JsonTypeInfo<T> type) => JsonSerializer.Deserialize(Bytes, type);

    public bool Equals(FieldValue other) => Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => obj is FieldValue other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    public override string ToString() => Encoding.UTF8.GetString(Bytes);

    public static bool operator ==(FieldValue left, FieldValue right) => left.Equals(right);
    public static bool operator !=(FieldValue left, FieldValue right) => !left.Equals(right);

    private Utf8JsonReader Reader()
    {
        var reader = new Utf8JsonReader(Bytes);
        reader.Read();
        return reader;
    }

    private static FieldValue Canonical(JsonElement element) => Write(writer => WriteCanonical(element, writer));

    private static FieldValue Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Compact)) write(writer);
        return new FieldValue(buffer.WrittenSpan.ToArray());
    }

    private static void WriteCanonical(JsonElement element, Utf8JsonWriter writer)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                var members = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
                foreach (var member in element.EnumerateObject()) members[member.Name] = member.Value;
                foreach (var (name, value) in members)
                {
                    writer.WritePropertyName(name);
                    WriteCanonical(value, writer);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray()) WriteCanonical(item, writer);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(element.GetString());
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}
