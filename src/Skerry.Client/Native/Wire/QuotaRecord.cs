namespace Skerry.Client.Native.Wire;

/// <summary>The limits of a project, as the site that is asked knows them.</summary>
/// <param name="ProjectId">Whose.</param>
/// <param name="Mode">soft: each site counts what it knows, and sites apart may pass a limit together; hard: each grants out of its own share.</param>
/// <param name="Home">The site that shares a hard quota out; for administrators.</param>
/// <param name="Limits">Of volumes, gigabytes and snapshots.</param>
public sealed record QuotaRecord(string ProjectId, string Mode, string? Home, IReadOnlyList<QuotaLimitRecord> Limits);

/// <summary>One limit.</summary>
/// <param name="Resource">volumes, gigabytes (GiB) or snapshots.</param>
/// <param name="Limit">-1 is no limit.</param>
/// <param name="InUse">As far as the site that is asked knows.</param>
/// <param name="Overrun">How much more that is than the limit.</param>
/// <param name="Shares">Of a hard one, for administrators; else none.</param>
public sealed record QuotaLimitRecord(string Resource, long Limit, long InUse, long Overrun, IReadOnlyList<QuotaShareRecord> Shares);

/// <summary>A site's part of a hard limit.</summary>
/// <param name="Site">The name of the site.</param>
/// <param name="Share">What it may grant in all.</param>
/// <param name="InUse">What it has granted of that.</param>
/// <param name="Free">What it may still grant; below 0 for what was made before the limit was hard there.</param>
public sealed record QuotaShareRecord(string Site, long Share, long InUse, long Free);

/// <param name="Hard">Whether the limits hold while sites are apart; null leaves as it is.</param>
/// <param name="Home">The site that shares a hard quota out; null leaves as it is.</param>
public sealed record QuotaSetRequest(long? Volumes, long? Gigabytes, long? Snapshots, bool? Hard, string? Home);

public sealed record QuotaReply(QuotaRecord Quota);
