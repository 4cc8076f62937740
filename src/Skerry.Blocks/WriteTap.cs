using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Skerry.Blocks.Log;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks;

/// <summary>Why a tap gives no more writes.</summary>
public enum TapEnd
{
    /// <summary>It goes on.</summary>
    None = 0,

    /// <summary>The reader fell behind by more than the bound; catch up by what changed, with a new tap.</summary>
    Overflowed,

    /// <summary>The volume reverted, or jumped in a catch-up: its next write does not follow on the last one.</summary>
    HistoryChanged,

    /// <summary>The volume was deleted, the store closed, or the tap disposed.</summary>
    Closed,
}

/// <summary>A place in the order of a volume's writes that somebody wanted to know of.</summary>
/// <param name="Id">What the one who set it calls it.</param>
/// <param name="Number">The last write before it.</param>
/// <param name="At">When it was set.</param>
public sealed record TapMark(string Id, long Number, DateTimeOffset At);

/// <summary>Writes of one run, in number order. Its data is valid until it is disposed.</summary>
public sealed class TapBatch : IDisposable
{
    private List<byte[]>? _buffers;

    internal TapBatch(RunStart run, IReadOnlyList<NumberedWrite> writes, long bytes, List<byte[]> buffers) =>
        (Run, Writes, Bytes, _buffers) = (run, writes, bytes, buffers);

    public RunStart Run { get; }

    /// <summary>Empty only when a snapshot or a mark stands here with no write before it.</summary>
    public IReadOnlyList<NumberedWrite> Writes { get; }

    /// <summary>
    /// A snapshot that was taken right after these writes, before any later one; null for none. It may come here before it is durable.
    /// </summary>
    public SnapshotInfo? Snapshot { get; init; }

    /// <summary>Bytes of data in the writes.</summary>
    public long Bytes { get; }

    /// <summary>The mark that stands in the volume's order right behind the writes; null when none does.</summary>
    public TapMark? Mark { get; init; }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffers, null) is { } buffers)
        {
            foreach (var buffer in buffers)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}

/// <summary>
/// Follows a volume's writes in number order, from the one after <see cref="StartsAfter"/>, as they are logged: a write may come here
/// before it is durable. No write waits for it: beyond its bound it ends; its reader may have the servers of writers hold back before that
/// (<see cref="PressingBytes"/>). One reader at a time.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "It is disposable.")]
public sealed class WriteTap : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Queue<Item> _queue = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly VolumeState _volume;
    private readonly long _boundBytes;
    private readonly TimeProvider _time;
    private long _queuedBytes, _pressingBytes;
    private bool _signalled;
    private TapEnd _end;

    internal WriteTap(VolumeState volume, long boundBytes, TimeProvider time) =>
        (_volume, _boundBytes, _time, StartsAfter) = (volume, boundBytes, time, volume.LastNumber);

    private readonly record struct Item(
        RunStart Run, NumberedWrite Write, byte[]? Buffer, DateTimeOffset At, SnapshotInfo? Snapshot = null, TapMark? Mark = null);

    /// <summary>The number of the last write that the tap does not give.</summary>
    public long StartsAfter { get; }

    /// <summary>Bytes of data that wait to be read.</summary>
    public long QueuedBytes => Volatile.Read(ref _queuedBytes);

    /// <summary>
    /// While more than so many bytes wait, <see cref="IPacedDevice.IsPressed"/> tells those who serve writers; 0 (the default) for never.
    /// The reader's to set, and to take back when nobody is helped by waiting.
    /// </summary>
    public long PressingBytes
    {
        get => Volatile.Read(ref _pressingBytes);
        set => Volatile.Write(ref _pressingBytes, value);
    }

    internal bool IsPressing => PressingBytes is > 0 and var bound && QueuedBytes > bound;

    /// <summary>When the oldest write that waits was logged; null when none waits.</summary>
    public DateTimeOffset? OldestQueuedAt
    {
        get
        {
            lock (_lock)
            {
                return _queue.TryPeek(out var item) ? item.At : null;
            }
        }
    }

    public bool Overflowed => End == TapEnd.Overflowed;

    /// <summary>Why there will be no more writes, or <see cref="TapEnd.None"/>.</summary>
    public TapEnd End
    {
        get
        {
            lock (_lock)
            {
                return _end;
            }
        }
    }

    /// <summary>
    /// Waits for writes and takes them, all of one run, up to about <paramref name="maxBytes"/>. Null when the tap has ended; what it
    /// still held when it overflowed is dropped, since a gap would follow.
    /// </summary>
    public async ValueTask<TapBatch?> ReadAsync(int maxBytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_lock)
            {
                if (_queue.Count > 0)
                {
                    return TakeBatch(maxBytes);
                }

                if (_end != TapEnd.None)
                {
                    return null;
                }

                _signalled = false;
            }

            await _arrived.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Sets a mark behind the last write that was numbered: <see cref="ReadAsync"/> gives it in its place. Only within a
    /// <see cref="WriteBarrier"/> of the volume, since else writes are numbered meanwhile. False when the tap has ended.
    /// </summary>
    public bool SetMark(string id, DateTimeOffset at)
    {
        lock (_lock)
        {
            if (_end != TapEnd.None || _volume.LastRun is not { } run)
            {
                return false;
            }

            _queue.Enqueue(new Item(run, default, null, at, Mark: new TapMark(id, _volume.LastNumber, at)));
            Signal();
            return true;
        }
    }

    /// <summary>Stops following.</summary>
    public void Dispose() => Finish(TapEnd.Closed);

    internal void Take(RunStart run, WriteRequest write)
    {
        if (write.OutsideHistory || write.PieceCount == 0)
        {
            return;
        }

        lock (_lock)
        {
            if (_end != TapEnd.None)
            {
                return;
            }

            var item = ItemOf(run, write);
            if (_queuedBytes + CostOf(item.Write) > _boundBytes)
            {
                Return(item);
                EndNow(TapEnd.Overflowed);
                return;
            }

            _queue.Enqueue(item);
            Volatile.Write(ref _queuedBytes, _queuedBytes + CostOf(item.Write));
            Signal();
        }
    }

    /// <summary>A snapshot was taken here, between the writes before and after.</summary>
    internal void Take(RunStart run, SnapshotInfo snapshot)
    {
        lock (_lock)
        {
            if (_end == TapEnd.None)
            {
                _queue.Enqueue(new Item(run, default, null, _time.GetUtcNow(), snapshot));
                Signal();
            }
        }
    }

    internal void Finish(TapEnd end)
    {
        lock (_lock)
        {
            if (_end == TapEnd.None)
            {
                EndNow(end);
            }
        }
    }

    // A trim carries no data, but a million of them must not be free.
    private static long CostOf(NumberedWrite write) => write.Data.Length + 64;

    private static void Return(Item item)
    {
        if (item.Buffer is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void EndNow(TapEnd end)
    {
        _end = end;
        while (_queue.TryDequeue(out var dropped))
        {
            Return(dropped);
        }

        Volatile.Write(ref _queuedBytes, 0);
        Signal();
    }

    private void Signal()
    {
        if (!_signalled)
        {
            _signalled = true;
            _arrived.Release();
        }
    }

    private TapBatch TakeBatch(int maxBytes)
    {
        var run = _queue.Peek().Run;
        var writes = new List<NumberedWrite>();
        var buffers = new List<byte[]>();
        var bytes = 0L;
        SnapshotInfo? snapshot = null;
        TapMark? mark = null;
        while (_queue.TryPeek(out var next) && next.Run == run && (writes.Count == 0 || bytes + next.Write.Data.Length <= maxBytes))
        {
            _queue.Dequeue();
            (snapshot, mark) = (next.Snapshot, next.Mark);
            if (snapshot is not null || mark is not null)
            {
                break;
            }

            writes.Add(next.Write);
            bytes += next.Write.Data.Length;
            Volatile.Write(ref _queuedBytes, _queuedBytes - CostOf(next.Write));
            if (next.Buffer is not null)
            {
                buffers.Add(next.Buffer);
            }
        }

        return new TapBatch(run, writes, bytes, buffers) { Snapshot = snapshot, Mark = mark };
    }

    private Item ItemOf(RunStart run, WriteRequest write)
    {
        long first = long.MaxValue, end = 0;
        foreach (var piece in write.Pieces)
        {
            first = Math.Min(first, piece.FirstBlock);
            end = Math.Max(end, piece.FirstBlock + piece.Blocks);
        }

        var offset = first * Sizes.Block;
        var length = Math.Min(end * Sizes.Block, _volume.SizeBytes) - offset;
        if (write.DataBlocks == 0)
        {
            var kind = write.PieceAt(0).Zeroes == Place.Zeroes ? WriteKind.Zeroes : WriteKind.Trim;
            return new Item(run, new NumberedWrite(write.Number, offset, length, default, kind), null, _time.GetUtcNow());
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)length);
        write.CopyTo(buffer.AsSpan(0, (int)length));
        return new Item(run, new NumberedWrite(write.Number, offset, length, buffer.AsMemory(0, (int)length), WriteKind.Data), buffer, _time.GetUtcNow());
    }
}
