using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skerry.Cli.Output;

/// <summary>A column's value as JSON, as raw text, and as text for people.</summary>
internal static class CellText
{
    public static JsonNode? Node(object? value) => value switch
    {
        null => null,
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        int number => JsonValue.Create(number),
        long number => JsonValue.Create(number),
        double number => JsonValue.Create(Math.Round(number, 3)),
        DateTimeOffset time => JsonValue.Create(Time(time)),
        JsonElement element => element.ValueKind == JsonValueKind.Undefined ? null : JsonNode.Parse(element.GetRawText()),
        IReadOnlyDictionary<string, string> map =>
            new JsonObject(map.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value)))),
        IEnumerable<string?> list => new JsonArray([.. list.Select(item => (JsonNode?)JsonValue.Create(item))]),
        IEnumerable<DateTimeOffset> times => new JsonArray([.. times.Select(time => (JsonNode?)JsonValue.Create(Time(time)))]),
        _ => throw new InvalidOperationException($"A column gave a {value.GetType()}, which has no agreed form."),
    };

    public static string Raw(object? value) => value switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        DateTimeOffset time => Time(time),
        _ => Node(value)!.ToJsonString(),
    };

    /// <param name="name">The column's: its unit decides how a number is rounded.</param>
    public static string Human(string name, object? value) => value switch
    {
        null => "",
        long bytes when name.EndsWith("_bytes", StringComparison.Ordinal) => Quantity.Bytes(bytes),
        long seconds when name.EndsWith("_seconds", StringComparison.Ordinal) => Quantity.Seconds(seconds),
        double seconds when name.EndsWith("_seconds", StringComparison.Ordinal) => Quantity.Seconds(seconds),
        double rate when name.EndsWith("_per_second", StringComparison.Ordinal) => Quantity.Bytes((long)rate) + "/s",
        double number => number.ToString("0.###", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        IReadOnlyDictionary<string, string> map => string.Join(", ", map.Select(pair => $"{pair.Key}={pair.Value}")),
        IEnumerable<string?> list => string.Join(", ", list),
        IEnumerable<DateTimeOffset> times => string.Join(", ", times.Select(time => Human(name, time))),
        JsonElement { ValueKind: JsonValueKind.String } text => text.GetString()!,
        _ => Raw(value),
    };

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
