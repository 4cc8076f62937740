using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Replicate;

/// <summary>
/// A disk's content and its changes: half of it allocated, in stretches of 32 MiB, and of that 0.4 as random as a compressed file and
/// the rest as text is. All from seeds.
/// </summary>
internal sealed class TestDisk(string path, int gibibytesAllocated)
{
    private const int PieceBytes = 64 << 10;
    private const long StretchBytes = 32 << 20;
    private const int BlockBytes = 4096;
    private const long SequenceBytes = 64 << 20;

    private static readonly byte[][] Words = MakeWords();

    public string Path => path;

    public int Gibibytes => gibibytesAllocated * 2;

    public long SizeBytes => (long)Gibibytes << 30;

    public long AllocatedBytes => SizeBytes / 2;

    public long ChangedBytes => (RandomBlocks * BlockBytes) + SequenceBytes;

    private long RandomBlocks => AllocatedBytes / BlockBytes / 100;

    public async Task MakeAsync(CancellationToken cancellationToken)
    {
        await using var stream = File.Create(path);
        stream.SetLength(SizeBytes);
        var random = new Random(1);
        var piece = new byte[PieceBytes];
        for (long at = 0; at < SizeBytes; at += PieceBytes)
        {
            if (at / StretchBytes % 2 == 0)
            {
                Fill(piece, random);
                stream.Position = at;
                await stream.WriteAsync(piece, cancellationToken);
            }
        }
    }

    /// <summary>Writes 1 % of the allocated blocks at random, and 64 MiB in sequence.</summary>
    public async Task ChangeAsync(int seed, Func<long, ReadOnlyMemory<byte>, Task> writeAsync)
    {
        foreach (var (offset, data) in Changes(seed))
        {
            await writeAsync(offset, data);
        }
    }

    public async Task ChangeFileAsync(string file, int seed, CancellationToken cancellationToken)
    {
        await using var stream = File.Open(file, FileMode.Open);
        await ChangeAsync(seed, async (offset, data) =>
        {
            stream.Position = offset;
            await stream.WriteAsync(data, cancellationToken);
        });
    }

    public async Task ChangeVolumeAsync(string uri, int seed, CancellationToken cancellationToken)
    {
        await using var client = await NbdClient.ConnectAsync(new Uri(uri), cancellationToken);
        await ChangeAsync(seed, (offset, data) => client.WriteAsync(offset, data, cancellationToken));
        await client.FlushAsync(cancellationToken);
    }

    private IEnumerable<(long OffsetBytes, ReadOnlyMemory<byte> Data)> Changes(int seed)
    {
        var random = new Random(seed);
        var piece = new byte[PieceBytes];
        for (long i = 0; i < RandomBlocks; i++)
        {
            // As many text blocks as in the disk; a block keeps its kind, as files do.
            var stretch = random.NextInt64(SizeBytes / StretchBytes / 2) * 2;
            Fill(piece.AsSpan(0, BlockBytes), random);
            yield return ((stretch * StretchBytes) + (random.NextInt64(StretchBytes / BlockBytes) * BlockBytes), piece.AsMemory(0, BlockBytes));
        }

        var from = random.NextInt64(SizeBytes / StretchBytes / 2) * 2 * StretchBytes % (SizeBytes - SequenceBytes);
        for (long at = 0; at < SequenceBytes; at += PieceBytes)
        {
            Fill(piece, random);
            yield return (from + at, piece);
        }
    }

    private static void Fill(Span<byte> piece, Random random)
    {
        if (random.NextDouble() < 0.4)
        {
            random.NextBytes(piece);
            return;
        }

        while (piece.Length > 0)
        {
            // Common words are common, as in any language.
            var word = Words[(int)(Words.Length * Math.Pow(random.NextDouble(), 3))];
            var length = Math.Min(word.Length, piece.Length);
            word.AsSpan(0, length).CopyTo(piece);
            piece = piece[length..];
        }
    }

    private static byte[][] MakeWords()
    {
        var random = new Random(2);
        return
        [
            .. Enumerable.Range(0, 8192).Select(_ => (byte[])
            [
                .. Enumerable.Range(0, random.Next(2, 11)).Select(_ => (byte)random.Next('a', 'z' + 1)), (byte)' ',
            ]),
        ];
    }
}
