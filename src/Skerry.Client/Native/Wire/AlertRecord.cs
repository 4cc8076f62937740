namespace Skerry.Client.Native.Wire;

/// <summary>Something that a person should look at, as the site that is asked knows it. It stands for as long as it is so.</summary>
/// <param name="Id">Its kind and what it is about; the same over restarts.</param>
/// <param name="Kind">Words joined by dots, as clock.drift; new kinds may come.</param>
/// <param name="Severity">warning, or critical: a promise is in danger, or something is so that should never be.</param>
/// <param name="SiteId">The site that it is about; null when it is about no single one.</param>
/// <param name="SiteName">Its name.</param>
/// <param name="Since">Since when, by the clock of the site that is asked.</param>
/// <param name="Text">What is so, in a sentence.</param>
/// <param name="Evidence">What the sentence is drawn from, a line each.</param>
/// <param name="NextStep">What to do.</param>
public sealed record AlertRecord(
    string Id, string Kind, string Severity, string? SiteId, string? SiteName, DateTimeOffset Since, string Text, IReadOnlyList<string> Evidence,
    string NextStep);

public sealed record AlertReply(AlertRecord Alert);

public sealed record AlertList(IReadOnlyList<AlertRecord> Alerts, IReadOnlyList<PageLink>? Links = null);
