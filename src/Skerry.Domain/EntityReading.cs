using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain;

/// <summary>
/// How fields are read. Absent and null read alike, and so does a value of another shape than expected: a newer version may have
/// written it, and a view must not fail for that.
/// </summary>
public static class EntityReading
{
    public static string? Text(this Entity entity, string field) =>
        entity.TryGet(field, out var value) && value.Utf8.Span[0] == (byte)'"' ? value.AsString() : null;

    public static string Text(this Entity entity, string field, string fallback) => entity.Text(field) ?? fallback;

    public static long? Integer(this Entity entity, string field) =>
        entity.TryGet(field, out var value)
        && Utf8Parser.TryParse(value.Utf8.Span, out long number, out var used) && used == value.Utf8.Length
            ? number
            : null;

    public static bool Flag(this Entity entity, string field, bool fallback = false) =>
        !entity.TryGet(field, out var value) ? fallback
        : value == FieldValue.From(true) || (value != FieldValue.From(false) && fallback);

    /// <summary>An instant that <see cref="Instants.ToField"/> wrote.</summary>
    public static DateTimeOffset? Instant(this Entity entity, string field) => Instants.Parse(entity.Text(field));

    public static T? Json<T>(this Entity entity, string field, JsonTypeInfo<T> type)
        where T : class
    {
        if (!entity.TryGet(field, out var value) || value.IsNull)
        {
            return null;
        }

        try
        {
            return value.Deserialize(type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static void Set(this ITransaction transaction, EntityKey key, string field, string? text) =>
        transaction.Set(key, field, FieldValue.FromString(text));

    public static void Set(this ITransaction transaction, EntityKey key, string field, DateTimeOffset instant) =>
        transaction.Set(key, field, FieldValue.FromString(Instants.ToField(instant)));
}

/// <summary>Instants as field values: UTC, ISO 8601, milliseconds.</summary>
public static class Instants
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public static string ToField(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    public static DateTimeOffset? Parse(string? text) =>
        DateTimeOffset.TryParseExact(
            text, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
            ? instant
            : null;
}
