using System.Globalization;

namespace Skerry.Domain.Replication;

/// <summary>How long the states of past runs are kept at one side of a replication.</summary>
/// <remarks>
/// The law: a state is let go only when no rule that was given keeps it, it is not the newest, and nothing needs it. So a rule can only
/// keep more, never less; without any, the newest alone is kept.
/// </remarks>
/// <param name="Count">Keeps so many of the newest; null when it was not given.</param>
/// <param name="Age">Keeps what is younger; null when it was not given.</param>
public sealed record Retention(int? Count, TimeSpan? Age)
{
    /// <summary>For a side of which nothing was said, where the other side keeps some.</summary>
    public static Retention NewestOnly { get; } = new(1, null);

    private const int MostCount = 1000;

    /// <summary>Reads <c>count=24,age=7d</c>, either part alone, ages in s, m, h, d or w.</summary>
    public static Outcome<Retention> Parse(string field, string text)
    {
        var (count, age) = ((int?)null, (TimeSpan?)null);
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            switch (part.Split('='))
            {
                case ["count", var number] when count is null
                    && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is >= 1 and <= MostCount:
                    count = n;
                    break;
                case ["age", var length] when age is null && ParseAge(length) is { } span:
                    age = span;
                    break;
                default:
                    return Refusal.Invalid(
                        field, $"'{part}' says nothing of how long to keep.",
                        $"Use count=1 to count={MostCount}, age=1s to age=3650d (s, m, h, d, w), or both as count=24,age=7d.");
            }
        }

        return new Retention(count, age);
    }

    /// <summary>Null when the text can be read, or says nothing or <c>none</c>.</summary>
    internal static Refusal? Check(string field, string? text) =>
        text is null or "" or "none" ? null : Parse(field, text) is { IsRefused: true } unread ? unread.Refusal : null;

    /// <summary>What was stored; null where nothing was, or what this version cannot read, so that nothing is let go by mistake.</summary>
    internal static Retention? Read(string? text) => text is not null && Parse("", text) is { IsRefused: false } read ? read.Value : null;

    public override string ToString() => string.Join(
        ',', new[] { Count is { } count ? $"count={count}" : null, Age is { } age ? $"age={Format(age)}" : null }.OfType<string>());

    /// <summary>Those to let go of, by the law above.</summary>
    /// <param name="states">What is kept here, in any order.</param>
    /// <param name="now">The time by which ages are counted.</param>
    internal IReadOnlyList<KeptState> LetGo(IEnumerable<KeptState> states, DateTimeOffset now) =>
    [
        .. states.OrderByDescending(s => s.TakenAt).ThenBy(s => s.Id, StringComparer.Ordinal)
            .Where((s, i) => i > 0 && !s.IsNeeded && !(i < Count) && !(now - s.TakenAt < Age)),
    ];

    private static TimeSpan? ParseAge(string text) =>
        text.Length > 1 && long.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && UnitSeconds(text[^1]) is { } unit && number >= 1 && number <= 3650L * 86_400 / unit
            ? TimeSpan.FromSeconds(number * unit)
            : null;

    private static long? UnitSeconds(char unit) => unit switch
    {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => null,
    };

    private static string Format(TimeSpan age)
    {
        var seconds = (long)age.TotalSeconds;
        var unit = "wdhms".First(u => seconds % UnitSeconds(u) == 0);
        return $"{seconds / UnitSeconds(unit)}{unit}";
    }
}

/// <summary>The state of a past run as one side has it.</summary>
/// <param name="Id">Its snapshot.</param>
/// <param name="TakenAt">When the run was due that it is of.</param>
/// <param name="IsNeeded">Something still needs it: a transfer, a connection, a volume that is being made from it.</param>
internal readonly record struct KeptState(string Id, DateTimeOffset TakenAt, bool IsNeeded);
