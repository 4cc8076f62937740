using Skerry.Blocks;

namespace Skerry.Benchmarks.Store;

/// <summary>Writes to a volume of this process, from one thread, as a connection with a deep queue would make them.</summary>
internal static class Load
{
    public const int BlockBytes = IBlockDevice.BlockSize;

    private const int Depth = 32;
    private const int LargeBytes = 1 << 20;

    /// <summary>Content that no compression or zero detection shortens; each write takes a piece of it.</summary>
    private static readonly byte[] Noise = MakeNoise();

    /// <summary>Writes 4 KiB blocks in batches.</summary>
    /// <param name="volume">Open for writing.</param>
    /// <param name="blocks">Which blocks, in which order.</param>
    /// <param name="cancellationToken">Ends it between batches.</param>
    /// <returns>Blocks each second.</returns>
    public static async Task<double> BlocksAsync(BlockVolume volume, IEnumerable<long> blocks, CancellationToken cancellationToken)
    {
        var pending = new List<ValueTask>(Depth);
        var (count, started) = (0L, TimeProvider.System.GetTimestamp());
        foreach (var batch in blocks.Chunk(Depth))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var block in batch)
            {
                pending.Add(volume.WriteAsync(block * BlockBytes, Piece(count++, BlockBytes), WriteOptions.MoreFollows, cancellationToken));
            }

            volume.CarryOut(mayWait: true);
            foreach (var write in pending)
            {
                await write;
            }

            pending.Clear();
        }

        return count / TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Writes 1 MiB after 1 MiB from an offset on.</summary>
    public static async Task InOrderAsync(BlockVolume volume, long offsetBytes, long lengthBytes, CancellationToken cancellationToken)
    {
        for (var done = 0L; done < lengthBytes; done += LargeBytes)
        {
            await volume.WriteAsync(offsetBytes + done, Piece(done / LargeBytes, LargeBytes), WriteOptions.None, cancellationToken);
        }
    }

    /// <summary>The microseconds that each write takes, one after the other.</summary>
    public static async Task<List<double>> OneByOneAsync(BlockVolume volume, IEnumerable<long> blocks, CancellationToken cancellationToken)
    {
        List<double> microseconds = [];
        foreach (var block in blocks)
        {
            var started = TimeProvider.System.GetTimestamp();
            await volume.WriteAsync(block * BlockBytes, Piece(block, BlockBytes), WriteOptions.None, cancellationToken);
            microseconds.Add(TimeProvider.System.GetElapsedTime(started).TotalMicroseconds);
        }

        return microseconds;
    }

    /// <summary>Each of these blocks once, scattered by a step that shares no factor with their number.</summary>
    public static IEnumerable<long> Scattered(long first, long count)
    {
        var step = (long)(count * 0.618) | 1;
        while (Factor(step, count) != 1)
        {
            step += 2;
        }

        for (long i = 0, at = 0; i < count; i++, at = (at + step) % count)
        {
            yield return first + at;
        }
    }

    /// <summary>Blocks drawn evenly, some of them several times.</summary>
    public static IEnumerable<long> Drawn(Random chance, long first, long count, long draws)
    {
        for (var i = 0L; i < draws; i++)
        {
            yield return first + chance.NextInt64(count);
        }
    }

    private static long Factor(long a, long b) => b == 0 ? a : Factor(b, a % b);

    private static ReadOnlyMemory<byte> Piece(long index, int length) => Noise.AsMemory((int)(index * 8 % (Noise.Length - length)), length);

    private static byte[] MakeNoise()
    {
        var noise = new byte[4 << 20];
        new Random(1).NextBytes(noise);
        return noise;
    }
}
