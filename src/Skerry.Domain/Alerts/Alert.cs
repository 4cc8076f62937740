namespace Skerry.Domain.Alerts;

/// <summary>How much an alert matters.</summary>
public enum AlertSeverity
{
    /// <summary>Something that a person should put right before it matters.</summary>
    Warning,

    /// <summary>A promise is in danger, or something is so that should never be.</summary>
    Critical,
}

/// <summary>Something at this site, or known to it, that a person should look at; it stands for as long as it is so.</summary>
/// <param name="Kind">Words joined by dots, as <c>clock.drift</c>; never changes its meaning.</param>
/// <param name="About">What it is about, told apart from others of its kind; the same each time that the same thing is told. Of letters, digits, '-', '_', '.' and '~'.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Text">What is so, in a sentence that names the thing.</param>
/// <param name="NextStep">What to do.</param>
public sealed record Alert(string Kind, string About, AlertSeverity Severity, string Text, string NextStep)
{
    /// <summary>Names the alert, at this site, over restarts.</summary>
    public string Id => $"{Kind}:{About}";

    /// <summary>The id of the site that it is about; null when it is about no single one.</summary>
    public string? Site { get; init; }

    /// <summary>Since when; null from a source that does not know, which then is since it was first told.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>What the sentence is drawn from: numbers, ids, who said so. A line each.</summary>
    public IReadOnlyList<string> Evidence { get; init; } = [];

    /// <summary>The word of the API for a severity.</summary>
    public static string Word(AlertSeverity severity) => severity == AlertSeverity.Critical ? "critical" : "warning";
}

/// <summary>Knows when something is so that a person should look at.</summary>
public interface IAlertSource
{
    /// <summary>
    /// What stands now, each id once. Asked about once a second, never twice at a time; quick, and without waiting for anything. What is
    /// at a bound stays until it is well within it, since each coming and going is an event.
    /// </summary>
    IEnumerable<Alert> Standing();
}
