using Skerry.State.Clocks;

namespace Skerry.State.Log;

/// <summary>Where a reader of the log has come to. Good for one replica object; a stale one costs a scan and nothing else.</summary>
public readonly record struct LogCursor(long Epoch, long Index);

/// <summary>A stretch of the log.</summary>
/// <param name="Mutations">In this site's order of application, without what the receiver has.</param>
/// <param name="Next">Where to read on.</param>
/// <param name="IsBehindBase">The log no longer holds everything that the receiver lacks; it needs a snapshot. Nothing was read.</param>
/// <param name="HasMore">More can be read at once.</param>
public sealed record LogBatch(IReadOnlyList<Mutation> Mutations, LogCursor Next, bool IsBehindBase, bool HasMore);

/// <summary>
/// The durable mutations that are kept for peers, in order of application, from <see cref="Base"/> on: what a vector that covers the
/// base lacks is in it. Thread-safe.
/// </summary>
internal sealed class MutationLog
{
    private readonly Lock _lock = new();
    private readonly List<Logged> _entries = [];

    // Of the entries, those that retire incarnations: what covers one of them covers the ends that it names.
    private readonly List<Mutation> _retiring = [];
    private long _epoch;
    private long _first;
    private long _bytes;

    public VersionVector Base { get; private set; } = VersionVector.Empty;

    /// <summary>Starts over, with cursors of before void.</summary>
    public void Reset(VersionVector logBase, IEnumerable<Logged> entries)
    {
        lock (_lock)
        {
            _epoch++;
            _first = 0;
            _entries.Clear();
            _retiring.Clear();
            foreach (var entry in entries) AddLocked(entry);
            _bytes = _entries.Sum(entry => (long)entry.Mutation.Encoded.Length);
            Base = logBase;
        }
    }

    public void Append(IEnumerable<Logged> entries)
    {
        lock (_lock)
        {
            foreach (var entry in entries)
            {
                AddLocked(entry);
                _bytes += entry.Mutation.Encoded.Length;
            }
        }
    }

    /// <summary>What lies below is no longer owed to anyone in full: peers that do not cover it take a snapshot.</summary>
    public void RaiseBase(VersionVector vector)
    {
        lock (_lock) Base = Base.Merge(vector);
    }

    /// <summary>
    /// A peer's vector with what it does not say: who has seen that incarnations were retired has all of them. Of retirements that are
    /// no longer in the log the base knows.
    /// </summary>
    public VersionVector Complete(VersionVector peers)
    {
        lock (_lock)
        {
            // The latest first: whoever retired an incarnation may be retired itself since.
            for (var i = _retiring.Count - 1; i >= 0; i--)
            {
                if (peers.Covers(_retiring[i].Dot)) peers = peers.Retire(_retiring[i].Ends!);
            }

            return peers;
        }
    }

    /// <summary>The vector with the incarnations that were retired of late, for a peer that may not know it yet.</summary>
    public VersionVector Announce(VersionVector own)
    {
        lock (_lock) return _retiring.Count == 0 ? own : own.Naming(_retiring.SelectMany(mutation => mutation.Ends!));
    }

    public LogBatch Read(VersionVector from, LogCursor? cursor, int maxMutations, int maxBytes)
    {
        lock (_lock)
        {
            if (!from.CoversAll(Base)) return new LogBatch([], new LogCursor(_epoch, _first), IsBehindBase: true, HasMore: false);
            var next = cursor is { } at && at.Epoch == _epoch ? Math.Clamp(at.Index - _first, 0, _entries.Count) : 0;
            var batch = new List<Mutation>();
            var bytes = 0L;
            for (; next < _entries.Count; next++)
            {
                var mutation = _entries[(int)next].Mutation;
                if (from.Covers(mutation.Dot)) continue;

                // A run is read whole: who applies a part of it could not check the seal of the rest.
                var isFull = batch.Count >= maxMutations || (batch.Count > 0 && bytes + mutation.Encoded.Length > maxBytes);
                if (isFull && (batch.Count == 0 || batch[^1].EndsRun)) break;
                batch.Add(mutation);
                bytes += mutation.Encoded.Length;
            }

            return new LogBatch(batch, new LogCursor(_epoch, _first + next), IsBehindBase: false, HasMore: next < _entries.Count);
        }
    }

    /// <summary>Where to cut so that the log keeps its bounds; null when it does.</summary>
    public LogCut? PlanCut(long maxBytes, long oldestUnixMilliseconds)
    {
        lock (_lock)
        {
            var tooOld = _entries.Count > 0 && _entries[0].AppendedUnixMilliseconds < oldestUnixMilliseconds;
            if (!tooOld && _bytes <= maxBytes) return null;
            // Half of the allowance is kept, so that cuts are rare; a store's entry is kept or dropped whole.
            var kept = _bytes;
            var count = 0;
            while (count < _entries.Count && (_entries[count].AppendedUnixMilliseconds < oldestUnixMilliseconds || (_bytes > maxBytes && kept > maxBytes / 2)))
            {
                var position = _entries[count].Position;
                for (; count < _entries.Count && _entries[count].Position == position; count++) kept -= _entries[count].Mutation.Encoded.Length;
            }

            var keepFrom = count < _entries.Count ? _entries[count].Position : _entries[^1].Position + 1;
            var cutBase = Base;
            for (var i = 0; i < count; i++)
            {
                var mutation = _entries[i].Mutation;
                cutBase = cutBase.With(mutation.Dot);
                if (mutation.Ends is { } ends) cutBase = cutBase.Retire(ends);
            }

            return new LogCut(keepFrom, cutBase);
        }
    }

    public void Cut(LogCut cut)
    {
        lock (_lock)
        {
            var count = 0;
            var retiring = 0;
            for (; count < _entries.Count && _entries[count].Position < cut.KeepFrom; count++)
            {
                _bytes -= _entries[count].Mutation.Encoded.Length;
                if (_entries[count].Mutation.Ends is not null) retiring++;
            }

            _entries.RemoveRange(0, count);
            _retiring.RemoveRange(0, retiring);
            _first += count;
            Base = cut.Base;
        }
    }

    private void AddLocked(Logged entry)
    {
        _entries.Add(entry with { Mutation = entry.Mutation.Packed() });
        if (entry.Mutation.Ends is not null) _retiring.Add(_entries[^1].Mutation);
    }
}

/// <summary>A mutation with the store's entry that holds it and the local time when it was appended.</summary>
internal readonly record struct Logged(Mutation Mutation, long Position, long AppendedUnixMilliseconds);

/// <summary>The first position to keep, and the base that the log then has.</summary>
internal sealed record LogCut(long KeepFrom, VersionVector Base);
