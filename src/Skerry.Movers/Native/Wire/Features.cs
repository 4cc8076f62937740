namespace Skerry.Movers.Native.Wire;

/// <summary>
/// What a side can do beyond version 1, by words that both say in their first frame. A word that only one side says is as if nobody had
/// said it; unknown words are passed over.
/// </summary>
internal static class Features
{
    /// <summary>The digest of a catch-up is over its frames' checksums and places, not over their content again.</summary>
    public const string SumDigest = "sum-digest";

    /// <summary>The replica takes <see cref="FrameKind.Extents"/>.</summary>
    public const string Extents = "extents";

    /// <summary>The replica takes <see cref="FrameKind.Packed"/>.</summary>
    public const string Zstd = "zstd";

    /// <summary>The replica answers <see cref="FrameKind.FlushAsk"/> as soon as its disk has done it.</summary>
    public const string FlushAsk = "flush-ask";

    /// <summary>The replica grants leases.</summary>
    public const string Lease = "lease";

    /// <summary>The replica keeps the states that <see cref="FrameKind.GroupMark"/> names, and says so.</summary>
    public const string GroupMarks = "group-marks";

    /// <summary>Copies without common history can be joined: a comparing catch-up from number -1.</summary>
    public const string Adopt = "adopt";

    /// <summary>All of this side.</summary>
    public static IReadOnlyList<string> Own { get; } =
        [SumDigest, Extents, TravellingSnapshots.Feature, FlushAsk, Lease, GroupMarks, Adopt, .. Wire.Zstd.IsThere ? [Zstd] : Array.Empty<string>()];

    /// <summary>Whether the other side, which said <paramref name="theirs"/>, can do what this side can.</summary>
    public static bool Has(IReadOnlyList<string>? theirs, string feature) =>
        theirs is not null && theirs.Contains(feature) && Own.Contains(feature);
}
