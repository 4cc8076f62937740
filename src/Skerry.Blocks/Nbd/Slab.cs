namespace Skerry.Blocks.Nbd;

/// <summary>
/// A pinned buffer that many requests share: small payloads stay where they were received, and small replies are built side by
/// side so that one send takes them all. It goes back to its pool when the last holder lets go.
/// </summary>
internal sealed class Slab(SlabPool pool)
{
    /// <summary>Room for a queue of 32 requests of 4 KiB, twice.</summary>
    public const int SizeBytes = 256 * 1024;

    /// <summary>What is larger gets a buffer of its own.</summary>
    public const int LargestShareBytes = 64 * 1024 + 512;

    private int _holders;

    public byte[] Bytes { get; } = GC.AllocateUninitializedArray<byte>(SizeBytes, pinned: true);

    /// <summary>True while someone other than the owner that asks holds it. Only the owner adds holders, so false stays false.</summary>
    public bool IsShared => Volatile.Read(ref _holders) > 1;

    public void Hold() => Interlocked.Increment(ref _holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            pool.Return(this);
        }
    }
}

/// <summary>Slabs between uses, for all connections of a server. Keeps a bounded number; the rest is left to the collector.</summary>
internal sealed class SlabPool(int keep = 64)
{
    private readonly Lock _gate = new();
    private readonly Stack<Slab> _free = new();
    private int _rented;

    /// <summary>Slabs that somebody holds.</summary>
    public int Rented
    {
        get
        {
            lock (_gate)
            {
                return _rented;
            }
        }
    }

    /// <summary>A slab with one holder.</summary>
    public Slab Rent()
    {
        Slab? slab;
        lock (_gate)
        {
            _free.TryPop(out slab);
            _rented++;
        }

        slab ??= new Slab(this);
        slab.Hold();
        return slab;
    }

    public void Return(Slab slab)
    {
        lock (_gate)
        {
            _rented--;
            if (_free.Count < keep)
            {
                _free.Push(slab);
            }
        }
    }
}
