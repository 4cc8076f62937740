namespace Skerry.Blocks.Tests.Nbd;

/// <summary>A disk in memory that records what is asked of it, and that a test can hold up or make fail.</summary>
internal sealed class MemoryDevice(long sizeBytes) : IBlockDevice
{
    private readonly Lock _gate = new();
    private readonly byte[] _bytes = new byte[sizeBytes];
    private readonly bool[] _allocated = new bool[(sizeBytes + IBlockDevice.BlockSize - 1) / IBlockDevice.BlockSize];
    private readonly List<DeviceCall> _calls = [];
    private long _running;

    public long SizeBytes => _bytes.Length;

    public bool IsReadOnly { get; set; }

    /// <summary>False where so much is asked that a list of it would only grow.</summary>
    public bool Remembers { get; init; } = true;

    /// <summary>Awaited before each call takes effect; may throw or wait.</summary>
    public Func<DeviceCall, CancellationToken, ValueTask>? Before { get; set; }

    public long Running => Interlocked.Read(ref _running);

    public IReadOnlyList<DeviceCall> Calls
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    public byte[] Content(long offsetBytes, int lengthBytes)
    {
        lock (_gate)
        {
            return _bytes.AsSpan((int)offsetBytes, lengthBytes).ToArray();
        }
    }

    public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
        Do(new("read", offsetBytes, buffer.Length, default), () => _bytes.AsSpan((int)offsetBytes, buffer.Length).CopyTo(buffer.Span), cancellationToken);

    public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, WriteOptions options, CancellationToken cancellationToken) =>
        Do(
            new("write", offsetBytes, data.Length, options),
            () =>
            {
                data.Span.CopyTo(_bytes.AsSpan((int)offsetBytes));
                Mark(offsetBytes, data.Length, allocated: true, wholeOnly: false);
            },
            cancellationToken);

    public ValueTask WriteZeroesAsync(long offsetBytes, long lengthBytes, WriteOptions options, CancellationToken cancellationToken) =>
        Do(new("zero", offsetBytes, lengthBytes, options), () => Zero(offsetBytes, lengthBytes, (options & WriteOptions.KeepAllocated) != 0), cancellationToken);

    public ValueTask TrimAsync(long offsetBytes, long lengthBytes, WriteOptions options, CancellationToken cancellationToken) =>
        Do(new("trim", offsetBytes, lengthBytes, options), () => Zero(offsetBytes, lengthBytes, keepAllocated: false), cancellationToken);

    public ValueTask FlushAsync(CancellationToken cancellationToken) => Do(new("flush", 0, 0, default), () => { }, cancellationToken);

    public IReadOnlyList<BlockExtent> Extents(long offsetBytes, long lengthBytes, int limit)
    {
        List<BlockExtent> extents = [];
        lock (_gate)
        {
            long at = offsetBytes;
            long end = offsetBytes + lengthBytes;
            while (at < end && extents.Count < limit)
            {
                long start = at;
                bool allocated = _allocated[at / IBlockDevice.BlockSize];
                while (at < end && _allocated[at / IBlockDevice.BlockSize] == allocated)
                {
                    at = Math.Min(end, ((at / IBlockDevice.BlockSize) + 1) * IBlockDevice.BlockSize);
                }

                extents.Add(new(start, at - start, allocated));
            }
        }

        return extents;
    }

    private ValueTask Do(DeviceCall call, Action effect, CancellationToken cancellationToken)
    {
        if (Before is null)
        {
            Apply(call, effect);
            return ValueTask.CompletedTask;
        }

        return Held(call, effect, cancellationToken);
    }

    private async ValueTask Held(DeviceCall call, Action effect, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _running);
        try
        {
            await Before!(call, cancellationToken);
            Apply(call, effect);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private void Apply(DeviceCall call, Action effect)
    {
        lock (_gate)
        {
            if (Remembers)
            {
                _calls.Add(call);
            }

            effect();
        }
    }

    private void Zero(long offsetBytes, long lengthBytes, bool keepAllocated)
    {
        _bytes.AsSpan((int)offsetBytes, (int)lengthBytes).Clear();
        Mark(offsetBytes, lengthBytes, keepAllocated, wholeOnly: !keepAllocated);
    }

    private void Mark(long offsetBytes, long lengthBytes, bool allocated, bool wholeOnly)
    {
        long first = wholeOnly ? (offsetBytes + IBlockDevice.BlockSize - 1) / IBlockDevice.BlockSize : offsetBytes / IBlockDevice.BlockSize;
        long end = offsetBytes + lengthBytes;
        long last = wholeOnly && end < SizeBytes ? end / IBlockDevice.BlockSize : (end + IBlockDevice.BlockSize - 1) / IBlockDevice.BlockSize;
        for (long block = first; block < last; block++)
        {
            _allocated[block] = allocated;
        }
    }
}

internal sealed record DeviceCall(string Kind, long OffsetBytes, long LengthBytes, WriteOptions Options);
