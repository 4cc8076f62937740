using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>What the running links of this site say. Never blocks; the answers are those of the moment.</summary>
public interface ILinkStatus
{
    /// <summary>One report for each peer that was set or heard since the daemon started.</summary>
    IReadOnlyList<LinkReport> Reports { get; }

    /// <summary>When sites were last alive, as links and neighbours say; nothing where no neighbour tells.</summary>
    IReadOnlyList<SiteHearsay> Hearsay => [];

    /// <summary>Peers that hold something else than this site although both have seen the same.</summary>
    IReadOnlyList<SiteDifference> Differences => [];
}

/// <summary>How the link with a peer stands.</summary>
public enum LinkHealth
{
    /// <summary>The peer was never heard since the daemon started.</summary>
    Unheard,

    /// <summary>A connection stands, and neither end owes the other anything that it should have by now.</summary>
    Live,

    /// <summary>A connection stands, and one of the two ends still catches up.</summary>
    CatchingUp,

    /// <summary>The connection broke a moment ago, and the peer may be back at once.</summary>
    Interrupted,

    /// <summary>Nothing was heard for longer than a few heartbeats.</summary>
    Silent,
}

/// <summary>One link of this site, as its end here sees it.</summary>
/// <param name="Peer">The other end.</param>
/// <param name="Health">How it stands now.</param>
/// <param name="Since">Since when <paramref name="Health"/> holds.</param>
/// <param name="LastHeardAt">When anything last came from the peer; null when nothing did since the daemon started.</param>
/// <param name="RoundTripMilliseconds">Null before the first heartbeat was answered.</param>
/// <param name="DriftMilliseconds">How far the peer's clock is ahead of this one's.</param>
/// <param name="LastError">What the last attempt came to; null when it worked.</param>
/// <param name="Gossips">The peer tells which sites live.</param>
public sealed record LinkReport(
    SiteId Peer,
    LinkHealth Health,
    DateTimeOffset Since,
    DateTimeOffset? LastHeardAt,
    double? RoundTripMilliseconds,
    double? DriftMilliseconds,
    string? LastError,
    bool Gossips = false);

/// <summary>What is known of the life of a site in elapsed time, from link to link; nobody's wall clock takes part.</summary>
/// <param name="Site">The site.</param>
/// <param name="Via">The neighbour that told; the site itself when its own link says so.</param>
/// <param name="By">Who heard it over a link of its own.</param>
/// <param name="Hops">Sites between: 0 over an own link.</param>
/// <param name="Age">It lived at most so long ago.</param>
/// <param name="IsFresh">So little that a chain of live links leads there.</param>
/// <param name="IsBehind">On one of them somebody still catches up.</param>
public sealed record SiteHearsay(SiteId Site, SiteId Via, SiteId By, int Hops, TimeSpan Age, bool IsFresh, bool IsBehind);

/// <summary>Where the reconciler of links puts what the links should be.</summary>
public interface ILinkControl
{
    /// <summary>
    /// Replaces the set of peers. Connections to peers that are no longer in it, or that may not connect any more, are closed;
    /// those whose entry did not change are left alone. Idempotent.
    /// </summary>
    void SetPeers(IReadOnlyList<LinkTarget> targets);
}

/// <summary>A site that may prove itself to this one, and how it is reached.</summary>
/// <param name="Site">The site.</param>
/// <param name="Name">For messages.</param>
/// <param name="CertificatePin">SHA-256 of its certificate: 64 lower-case hexadecimal digits.</param>
/// <param name="Address">HOST:PORT to dial; null when the peer dials.</param>
/// <param name="MaySync">A link is configured and nobody took it down; else the site is only known by its pin.</param>
/// <param name="Refusal">Why it may not sync, for the peer to read; null when it may.</param>
public sealed record LinkTarget(
    SiteId Site, string Name, string CertificatePin, string? Address, bool MaySync, string? Refusal)
{
    /// <summary>Of the certificate that is to take the place of that one, which proves the site already; null when there is none.</summary>
    public string? NextPin { get; init; }
}

/// <summary>What a comparison with a peer came to that should be equal and is not.</summary>
/// <param name="Peer">The peer.</param>
/// <param name="Since">When it was first found.</param>
/// <param name="Vector">What both had seen.</param>
/// <param name="Entities">Some that differ, with what is here and what is there.</param>
public sealed record SiteDifference(
    SiteId Peer, DateTimeOffset Since, VersionVector Vector, IReadOnlyList<(EntityKey Key, IReadOnlyList<string> Evidence)> Entities);
