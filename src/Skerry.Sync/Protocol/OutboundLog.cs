using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Log;

namespace Skerry.Sync.Protocol;

/// <summary>
/// The sending half of one connection: reads the own log in its order from what the peer has on, and never sends a mutation twice.
/// </summary>
/// <remarks>
/// Invariants. (1) Three vectors, each covering the one before: what the peer said it has on stable storage (its hello, what it sent,
/// what it acknowledged), that and what was sent, that and what was read. The log is read from the last, so nothing is read twice,
/// even when it starts over with new cursors. (2) What was read waits here, in order, at most one batch of it, until it is flushed;
/// so a slow peer costs one batch and one window of memory.
/// </remarks>
internal sealed class OutboundLog(
    Replica replica, SyncOptions options, TimeProvider time, VersionVector peerHas, int windowBytes)
{
    // A small SYNC_MAX is about how long changes wait, not about how many travel together.
    private const int MostWaiting = 1000;

    private readonly Queue<Mutation> _waiting = [];
    private readonly Queue<SentBatch> _unacknowledged = [];
    private VersionVector _peerHas = peerHas;
    private VersionVector _sent = peerHas;
    private VersionVector _read = peerHas;
    private LogCursor? _cursor;
    private long _lastNumber;
    private long _lastFlush = time.GetTimestamp();
    private int _waitingBytes;
    private int _unacknowledgedBytes;
    private int _waitingUrgent;
    private int _due;
    private bool _reachedEnd;

    /// <summary>What the peer is known to have on stable storage.</summary>
    public VersionVector PeerHas => _peerHas;

    /// <summary>Nothing that was read waits to be sent.</summary>
    public bool IsDrained => _waiting.Count == 0;

    /// <summary>The log does not go back to where the peer is.</summary>
    public bool NeedsSnapshot { get; private set; }

    /// <summary>The peer does not yet have all that was here when it came, or leaves batches unacknowledged for too long.</summary>
    public bool IsCatchingUp =>
        NeedsSnapshot || !_reachedEnd || (_unacknowledged.TryPeek(out var oldest)
            && (oldest.IsBacklog || time.GetElapsedTime(oldest.SentAt) > options.DeadAfter));

    public long MutationsSent { get; private set; }

    /// <summary>The next batch, if one is due and the window has room; else when to ask again, null for after the next change.</summary>
    public (Batch? Batch, TimeSpan? After) Next()
    {
        while (true)
        {
            Read();
            if (_due == 0)
            {
                var waiting = new Waiting(_waiting.Count, _waitingUrgent > 0, _waitingBytes >= options.BatchBytes, !_reachedEnd);
                var decision = FlushPolicy.Decide(waiting, time.GetElapsedTime(_lastFlush), options);
                if (!decision.IsNow)
                {
                    return (null, decision.After);
                }

                _due = _waiting.Count;
            }

            if (_unacknowledgedBytes >= windowBytes)
            {
                return (null, null);
            }

            if (Take() is { } batch)
            {
                return (batch, null);
            }
        }
    }

    public void Acknowledged(long number)
    {
        if (number > _lastNumber)
        {
            throw new ProtocolException(ByeCode.Malformed, $"Batch {number} was acknowledged, but only {_lastNumber} were sent.");
        }

        while (_unacknowledged.TryPeek(out var batch) && batch.Number <= number)
        {
            _unacknowledged.Dequeue();
            _unacknowledgedBytes -= batch.Bytes;
            _peerHas = batch.Dots.AddTo(_peerHas);
        }
    }

    /// <summary>The peer sent these, so it has them.</summary>
    public void Heard(Dots dots)
    {
        _peerHas = dots.AddTo(_peerHas);
        _sent = dots.AddTo(_sent);
        _read = dots.AddTo(_read);
    }

    /// <summary>The peer joined a snapshot, which was sent when nothing waited any more; the log goes on from there.</summary>
    public void Joined(VersionVector snapshot)
    {
        _peerHas = _peerHas.Merge(snapshot);
        _sent = _sent.Merge(snapshot);
        _read = _sent;
        _cursor = null;
        NeedsSnapshot = false;
    }

    private void Read()
    {
        var most = Math.Max(options.SyncMax, MostWaiting);
        while (!NeedsSnapshot && _waiting.Count < most && _waitingBytes < options.BatchBytes)
        {
            var read = replica.ReadLog(_read, _cursor, most - _waiting.Count, options.BatchBytes - _waitingBytes);
            if (read.IsBehindBase)
            {
                // What waits is still in order and goes first.
                (NeedsSnapshot, _reachedEnd) = (true, false);
                return;
            }

            _cursor = read.Next;
            _read = Dots.Of(read.Mutations).AddTo(_read);
            foreach (var mutation in read.Mutations)
            {
                _waiting.Enqueue(mutation);
                _waitingBytes += mutation.Encoded.Length;
                _waitingUrgent += mutation.IsUrgent ? 1 : 0;
            }

            if (!read.HasMore)
            {
                _reachedEnd |= _waiting.Count == 0;
                return;
            }
        }
    }

    private Batch? Take()
    {
        var taken = new List<Mutation>(_due);
        var bytes = 0;
        while (_due > 0 && _waiting.TryPeek(out var mutation)
            && (taken.Count == 0 || !taken[^1].EndsRun || bytes + mutation.Encoded.Length <= options.PieceBytes))
        {
            _waiting.Dequeue();
            _due--;
            _waitingBytes -= mutation.Encoded.Length;
            _waitingUrgent -= mutation.IsUrgent ? 1 : 0;

            // It may have come from the peer since it was read.
            if (_peerHas.Covers(mutation.Dot))
            {
                continue;
            }

            taken.Add(mutation);
            bytes += mutation.Encoded.Length;
        }

        if (taken.Count == 0)
        {
            return null;
        }

        var dots = Dots.Of(taken);
        _sent = dots.AddTo(_sent);
        _lastFlush = time.GetTimestamp();
        _lastNumber++;
        _unacknowledgedBytes += bytes;
        MutationsSent += taken.Count;
        _unacknowledged.Enqueue(new SentBatch(_lastNumber, bytes, !_reachedEnd, _lastFlush, dots));
        return new Batch(_lastNumber, taken);
    }

    /// <param name="Number">Of the batch.</param>
    /// <param name="Bytes">Of its mutations.</param>
    /// <param name="IsBacklog">It holds what the peer missed while it was away.</param>
    /// <param name="SentAt">A timestamp of the time provider.</param>
    /// <param name="Dots">Of its mutations.</param>
    private sealed record SentBatch(long Number, int Bytes, bool IsBacklog, long SentAt, Dots Dots);
}
