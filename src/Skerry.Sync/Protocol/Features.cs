namespace Skerry.Sync.Protocol;

/// <summary>
/// What a site understands beyond the first version of the protocol, as words in its hello. A frame or a coding of a feature goes only
/// to a peer that named it, so sites of different versions work together with what both know. Words, once released, keep their meaning.
/// </summary>
public static class Features
{
    /// <summary>Batches and pieces of snapshots may come as <see cref="PackedFrame"/>.</summary>
    public const string Packed = "brotli";

    /// <summary>Which sites live is told with heartbeats, in <see cref="GossipFrame"/>.</summary>
    public const string Gossip = "gossip";

    /// <summary>Sites that have seen the same compare whether they hold the same, in <see cref="DigestAsk"/> and what follows it.</summary>
    public const string Digests = "digests";

    /// <summary>All that this program speaks; each word once.</summary>
    public static IReadOnlyList<string> Spoken { get; } = [Packed, Gossip, Digests];

    /// <summary>More words than this, or longer ones, are no hello.</summary>
    internal const int MostWords = 256;

    internal const int MostWordBytes = 64;
}
