using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.Sync.Protocol;

namespace Skerry.Sync.Peers;

/// <summary>Two sites that have seen the same do not hold the same, which should never be.</summary>
/// <param name="Peer">The other site.</param>
/// <param name="Since">When it was first found; it stands until a comparison finds both equal.</param>
/// <param name="Vector">What both had seen at the last comparison.</param>
/// <param name="Entities">Some that differ, with what is here and what is there; none yet while they are looked for.</param>
public sealed record StateDifference(SiteId Peer, DateTimeOffset Since, VersionVector Vector, IReadOnlyList<EntityDifference> Entities);

/// <summary>An entity that two sites hold differently.</summary>
public sealed record EntityDifference(EntityKey Key, IReadOnlyList<string> Evidence);

/// <summary>What the comparisons with peers came to. Thread-safe.</summary>
public sealed class DigestLedger(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SiteId, StateDifference> _differences = [];
    private readonly Dictionary<SiteId, DateTimeOffset> _equal = [];

    /// <summary>In order of peers.</summary>
    public IReadOnlyList<StateDifference> Differences
    {
        get
        {
            lock (_lock)
            {
                return [.. _differences.Values.OrderBy(d => d.Peer)];
            }
        }
    }

    /// <summary>When the peer was last found to hold the same; null when it was not since the start.</summary>
    public DateTimeOffset? EqualAt(SiteId peer)
    {
        lock (_lock)
        {
            return _equal.TryGetValue(peer, out var at) ? at : null;
        }
    }

    internal void Equal(SiteId peer)
    {
        lock (_lock)
        {
            _differences.Remove(peer);
            _equal[peer] = time.GetUtcNow();
        }
    }

    internal void Differs(SiteId peer, VersionVector vector)
    {
        lock (_lock)
        {
            _differences[peer] = new StateDifference(peer, _differences.GetValueOrDefault(peer)?.Since ?? time.GetUtcNow(), vector, []);
        }
    }

    /// <summary>Each end has one entity at most in a range that differs: the same one, or two that the other end lacks.</summary>
    internal void Found(SiteId peer, DigestFinding here, DigestFinding there)
    {
        lock (_lock)
        {
            if (!_differences.TryGetValue(peer, out var known) || known.Entities.Count >= DigestTalk.MostFindings)
            {
                return;
            }

            var found = new[] { here.Key, there.Key }.OfType<EntityKey>().Distinct()
                .Select(key => new EntityDifference(key, EntityEvidence.Lines(BodyOf(here, key), BodyOf(there, key))));
            _differences[peer] = known with { Entities = [.. known.Entities.Concat(found).DistinctBy(e => e.Key)] };
        }
    }

    private static ReadOnlyMemory<byte>? BodyOf(DigestFinding finding, EntityKey key) => finding.Key == key ? finding.Body : (ReadOnlyMemory<byte>?)null;
}
