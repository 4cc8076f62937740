using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Skerry.Host.Links;

/// <summary>
/// The server's buffers, larger than its own of 4 KiB: a receive brings at most one buffer, so that blocks of volumes would come in at
/// a system call and a wake-up for each 4 KiB. An idle connection holds none.
/// </summary>
internal sealed class LargeBlocks : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int BlockBytes = 64 << 10;

    /// <summary>So many are kept when nobody uses them: 16 MiB.</summary>
    private const int MostKept = 256;

    private readonly ConcurrentQueue<byte[]> _free = new();

    public override int MaxBufferSize => BlockBytes;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) =>
        minBufferSize > BlockBytes
            ? throw new ArgumentOutOfRangeException(nameof(minBufferSize), minBufferSize, $"a buffer has {BlockBytes} bytes")
            : new Block(this, _free.TryDequeue(out var kept) ? kept : GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true));

    /// <summary>One pool for all, for the life of the process: whoever asked for it does not end it.</summary>
    protected override void Dispose(bool disposing)
    {
    }

    private void Return(byte[] bytes)
    {
        if (_free.Count < MostKept)
        {
            _free.Enqueue(bytes);
        }
    }

    private sealed class Block(LargeBlocks pool, byte[] bytes) : IMemoryOwner<byte>
    {
        private byte[]? _bytes = bytes;

        public Memory<byte> Memory => _bytes ?? throw new ObjectDisposedException(nameof(Block));

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _bytes, null) is { } given)
            {
                pool.Return(given);
            }
        }
    }
}
