using Skerry.State.Log;

namespace Skerry.State.Merging;

/// <summary>
/// What two sites hold of one entity, where they should hold the same: a line for each field that differs, and the bytes of both, for
/// whoever looks into it. It never leads to a repair by itself: which of the two is right is for a person to say.
/// </summary>
public static class EntityEvidence
{
    /// <summary>So many bytes of each side are shown at most.</summary>
    private const int ShownBytes = 4096;

    /// <param name="here">The body here, or its beginning; null when there is no such entity.</param>
    /// <param name="there">The body there, or its beginning, as it came; null when there is no such entity.</param>
    public static IReadOnlyList<string> Lines(ReadOnlyMemory<byte>? here, ReadOnlyMemory<byte>? there)
    {
        var lines = new List<string>();
        if (here is { } mine && there is { } theirs) lines.AddRange(Fields(mine.ToArray(), theirs.ToArray()));
        lines.Add(Shown("here", here));
        lines.Add(Shown("there", there));
        return lines;
    }

    private static IEnumerable<string> Fields(byte[] here, byte[] there)
    {
        Dictionary<string, string> mine, theirs;
        try
        {
            EntityBody.Check(here, _ => true);
            EntityBody.Check(there, _ => true);
            mine = Told(here);
            theirs = Told(there);
        }
        catch (StateFormatException damaged)
        {
            return [$"one of both is cut or no entity: {damaged.Message}"];
        }

        return mine.Keys.Union(theirs.Keys).Order(StringComparer.Ordinal)
            .Where(field => mine.GetValueOrDefault(field) != theirs.GetValueOrDefault(field))
            .Select(field => $"{field}: here {mine.GetValueOrDefault(field, "absent")}; there {theirs.GetValueOrDefault(field, "absent")}");
    }

    private static Dictionary<string, string> Told(byte[] body) => EntityBody.Registers(body, FieldCursor.SkipOrigins(body)).ToDictionary(
        register => register.Field,
        register => string.Join(", ", register.Standing.Select(v => $"{Short(v.Value.ToString())} of {v.Dot} ({v.Marks}, rank {v.Rank}, stamp {v.Stamp}, by {v.Author})")),
        StringComparer.Ordinal);

    private static string Short(string value) => value.Length <= 200 ? value : $"{value[..200]}…";

    private static string Shown(string side, ReadOnlyMemory<byte>? body) => body is not { } bytes ? $"{side}: nothing"
        : $"{side}: {bytes.Length} bytes, {Convert.ToBase64String(bytes.Span[..Math.Min(bytes.Length, ShownBytes)])}";
}
