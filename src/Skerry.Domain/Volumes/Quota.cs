namespace Skerry.Domain.Volumes;

/// <summary>What a project may have, and what it has as far as this site knows.</summary>
/// <remarks>Of a soft quota sites that are apart each count what they know, so together they may pass the limit until they meet.</remarks>
public sealed record ProjectQuota(string ProjectId, QuotaUse Volumes, QuotaUse Gigabytes, QuotaUse Snapshots)
{
    /// <summary>Each site grants out of its own share alone, so that sites never pass the limit together.</summary>
    public bool IsHard { get; init; }
}

/// <summary>How one limit of a project stands, and who holds what of it as far as this site knows.</summary>
/// <param name="Resource"><c>volumes</c>, <c>gigabytes</c> (GiB) or <c>snapshots</c>.</param>
/// <param name="Use">The limit, and what is used.</param>
/// <param name="Shares">Of a hard one, by site name; else none.</param>
public sealed record QuotaStanding(string Resource, QuotaUse Use, IReadOnlyList<QuotaShareView> Shares)
{
    /// <summary>How much more is used than the limit allows.</summary>
    public long Overrun => Use.Limit == QuotaUse.Unlimited ? 0 : Math.Max(0, Use.Used - Use.Limit);
}

/// <summary>One site's share of a hard limit.</summary>
/// <param name="Site">The name of the site.</param>
/// <param name="Share">What it may charge in all.</param>
/// <param name="Used">What is charged to it.</param>
public sealed record QuotaShareView(string Site, long Share, long Used)
{
    public long Free => Share - Used;
}

/// <summary>One limit and its use; a limit of -1 is none.</summary>
public readonly record struct QuotaUse(long Limit, long Used)
{
    public const long Unlimited = -1;

    public bool Allows(long more) => Limit == Unlimited || Used + more <= Limit;
}

/// <summary>Limits to set; null leaves as it is, -1 sets none.</summary>
public sealed record QuotaChange
{
    public long? Volumes { get; init; }

    public long? Gigabytes { get; init; }

    public long? Snapshots { get; init; }

    /// <summary>Whether the limits hold while sites are apart; null leaves as it is.</summary>
    public bool? IsHard { get; init; }

    /// <summary>The name or id of the site that shares a hard quota out; null leaves as it is: at first the cloud's first site.</summary>
    public string? Home { get; init; }
}
