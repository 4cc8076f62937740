using System.Runtime.InteropServices;

namespace Skerry.Blocks.Tests.Soak;

/// <summary>
/// What one volume must hold: of each block the version that was acknowledged last. A block is changed by one writer alone, which holds
/// its turn while it does; who holds all turns sees the volume at rest.
/// </summary>
internal sealed class SoakDisk
{
    public const int BlockBytes = IBlockDevice.BlockSize;

    private readonly int[] _versions;
    private readonly SemaphoreSlim[] _turns;

    private SoakDisk(int[] versions, int writers) => (_versions, _turns) = (versions, [.. Enumerable.Range(0, writers).Select(_ => new SemaphoreSlim(1))]);

    public SoakDisk(int blocks, int writers)
        : this(new int[blocks], writers)
    {
    }

    public int Blocks => _versions.Length;

    public int BlocksPerWriter => _versions.Length / _turns.Length;

    public async Task<IDisposable> TurnAsync(int writer, CancellationToken cancellationToken)
    {
        await _turns[writer].WaitAsync(cancellationToken);
        return new Turns([_turns[writer]]);
    }

    public async Task<IDisposable> AllTurnsAsync(CancellationToken cancellationToken)
    {
        foreach (var turn in _turns)
        {
            await turn.WaitAsync(cancellationToken);
        }

        return new Turns(_turns);
    }

    /// <summary>What it holds now, to be compared with a snapshot later.</summary>
    public SoakDisk Copy() => new([.. _versions], 1);

    public int Version(int block) => _versions[block];

    /// <param name="first">The first block.</param>
    /// <param name="count">How many.</param>
    /// <param name="version">0 for zeroes.</param>
    public void Set(int first, int count, int version) => _versions.AsSpan(first, count).Fill(version);

    /// <summary>What blocks of this version hold.</summary>
    public static byte[] Content(int first, int count, int version)
    {
        var bytes = new byte[count * BlockBytes];
        for (var i = 0; i < count; i++)
        {
            MemoryMarshal.Cast<byte, ulong>(bytes.AsSpan(i * BlockBytes, BlockBytes)).Fill(Word(first + i, version));
        }

        return bytes;
    }

    /// <summary>Fails unless the bytes are what these blocks hold.</summary>
    public void Require(string what, int first, ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i * BlockBytes < bytes.Length; i++)
        {
            var words = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(i * BlockBytes, BlockBytes));
            var expected = Word(first + i, _versions[first + i]);
            if (words.ContainsAnyExcept(expected))
            {
                throw new InvalidDataException($"{what}: block {first + i} is not at version {_versions[first + i]}: it begins with {words[0]:x16} instead of {expected:x16}");
            }
        }
    }

    public async Task<long> RequireAllAsync(string what, IBlockDevice device, CancellationToken cancellationToken)
    {
        const int Step = 256;
        var bytes = new byte[Step * BlockBytes];
        for (var first = 0; first < Blocks; first += Step)
        {
            var part = bytes.AsMemory(0, Math.Min(Step, Blocks - first) * BlockBytes);
            await device.ReadAsync((long)first * BlockBytes, part, cancellationToken);
            Require(what, first, part.Span);
        }

        return (long)Blocks * BlockBytes;
    }

    private static ulong Word(int block, int version) => version == 0 ? 0 : unchecked((((ulong)(uint)version << 32) | (uint)block) * 0x9E37_79B9_7F4A_7C15);

    private sealed class Turns(SemaphoreSlim[] turns) : IDisposable
    {
        public void Dispose() => Array.ForEach(turns, turn => turn.Release());
    }
}
