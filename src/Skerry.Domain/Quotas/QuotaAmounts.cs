namespace Skerry.Domain.Quotas;

/// <summary>What a project's limits are on.</summary>
internal static class QuotaResource
{
    public const string Volumes = "volumes";
    public const string Gigabytes = "gigabytes";
    public const string Snapshots = "snapshots";

    public static IReadOnlyList<string> All { get; } = [Volumes, Gigabytes, Snapshots];
}

/// <summary>How much of each resource; gigabytes are GiB.</summary>
internal readonly record struct QuotaAmounts(long Volumes, long Gigabytes, long Snapshots)
{
    public static QuotaAmounts ASnapshot { get; } = new(0, 0, 1);

    public static QuotaAmounts AVolume(long sizeGib) => new(1, sizeGib, 0);

    public static QuotaAmounts Growth(long gib) => new(0, gib, 0);

    public long Of(string resource) => resource switch
    {
        QuotaResource.Volumes => Volumes,
        QuotaResource.Gigabytes => Gigabytes,
        _ => Snapshots,
    };
}
