using System.Security.Cryptography;
using Skerry.State.Clocks;
using Skerry.State.Log;

namespace Skerry.State.Merging;

/// <summary>A stretch of entities in the order of their keys.</summary>
/// <param name="From">The first key that belongs to it; null for no bound.</param>
/// <param name="To">The first key that does not; null for no bound.</param>
public sealed record KeyRange(EntityKey? From, EntityKey? To)
{
    public static KeyRange Everything { get; } = new(null, null);
}

/// <summary>Digests of one consistent cut of a site's state, by ranges of keys, for one thread. Two sites compare them only where their vectors are equal.</summary>
/// <remarks>
/// Each node of the trees of entities remembers the digest of what is below it. A node never changes, so nothing is ever out of date:
/// what changed has new nodes, and hashing costs what changed since the last time.
/// </remarks>
public sealed class StateDigests
{
    private readonly ReplicaState _state;
    private readonly ByteWriter _scratch = new();

    internal StateDigests(ReplicaState state) => _state = state;

    public VersionVector Vector => _state.Vector;

    /// <summary>
    /// Hashes what has not been hashed yet, some entities at each step; yields how many. Asking for a digest does so at once instead,
    /// which for a million entities takes a second.
    /// </summary>
    public IEnumerable<int> Prepare() => _state.Kinds.Values.SelectMany(table => table.Tree.Hash(_scratch));

    public RangeDigest Of(KeyRange range)
    {
        var sum = RangeDigest.Empty;
        foreach (var (table, from, to) in Parts(range)) sum = sum.Plus(table.Tree.Sum(from, to, _scratch));
        return sum;
    }

    /// <summary>The range in parts of about as many entities each; itself alone when it holds no more than one.</summary>
    public IReadOnlyList<KeyRange> Split(KeyRange range, int parts)
    {
        ArgumentNullException.ThrowIfNull(range);
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 2);
        var count = Of(range).Count;
        var split = new List<KeyRange>(parts);
        var from = range.From;
        for (var i = 1; i < parts && count > 1; i++)
        {
            var bound = KeyAt(range, count * i / parts);
            if (count * i / parts == 0 || bound == from) continue;
            split.Add(new KeyRange(from, bound));
            from = bound;
        }

        split.Add(new KeyRange(from, range.To));
        return split;
    }

    /// <summary>The first entity of the range with its canonical bytes; null when there is none.</summary>
    public (EntityKey Key, ReadOnlyMemory<byte> Body)? First(KeyRange range)
    {
        if (Of(range).Count == 0) return null;
        var key = KeyAt(range, 0);
        return (key, _state.Find(key)!.Body.ToArray());
    }

    private EntityKey KeyAt(KeyRange range, long rank)
    {
        foreach (var (table, from, to) in Parts(range))
        {
            var count = table.Tree.Sum(from, to, _scratch).Count;
            if (rank < count) return table.Tree.At(rank + (from is null ? 0 : table.Tree.Sum(null, from, _scratch).Count), _scratch).Key;
            rank -= count;
        }

        throw new ArgumentOutOfRangeException(nameof(rank), rank, "The range holds fewer entities.");
    }

    /// <summary>The tables that the range touches, each with the bounds that it sets there.</summary>
    private IEnumerable<(KindTable Table, string? From, string? To)> Parts(KeyRange range)
    {
        foreach (var (kind, table) in _state.Kinds)
        {
            var afterFrom = range.From is { } first ? string.CompareOrdinal(kind, first.Kind) : 1;
            var beforeTo = range.To is { } last ? string.CompareOrdinal(kind, last.Kind) : -1;
            if (afterFrom < 0 || beforeTo > 0) continue;
            yield return (table, afterFrom == 0 ? range.From!.Value.Id : null, beforeTo == 0 ? range.To!.Value.Id : null);
        }
    }

    /// <summary>SHA-256 of the bytes that an entity has in a snapshot.</summary>
    internal static RangeDigest Of(Entity entity, ByteWriter scratch)
    {
        scratch.Clear();
        SnapshotCodec.WriteEntity(scratch, entity);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(scratch.Written, hash);
        return RangeDigest.Read(1, hash);
    }
}
