namespace Skerry.Domain.Volumes;

/// <summary>What a project may have, and what it has as far as this site knows.</summary>
/// <remarks>Sites that are apart each count what they know, so together they may pass the limit until they meet.</remarks>
public sealed record ProjectQuota(string ProjectId, QuotaUse Volumes, QuotaUse Gigabytes, QuotaUse Snapshots);

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
}
