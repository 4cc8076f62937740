namespace Skerry.Benchmarks.Blocks;

/// <summary>What the disks hold before a group of workloads begins.</summary>
internal enum Content
{
    /// <summary>Data everywhere, so that nobody answers for holes, written from the start on.</summary>
    InOrder,

    /// <summary>Data everywhere, of which more and more is overwritten in any order.</summary>
    Full,

    /// <summary>Stretches of 32 MiB, of data and of nothing in turn.</summary>
    Half,
}

/// <summary>Files to fill disks from.</summary>
internal sealed class ContentFiles(string folder, long sizeBytes)
{
    private const int PieceBytes = 1 << 20;
    private const long StretchBytes = 32 << 20;

    public long SizeBytes => sizeBytes;

    public string PathOf(Content content) => Path.Combine(folder, content == Content.Half ? "half" : "full");

    public async Task MakeAsync(Content content, CancellationToken cancellationToken)
    {
        if (File.Exists(PathOf(content)))
        {
            return;
        }

        var buffer = new byte[PieceBytes];
        var random = new Random(1);
        await using var stream = File.Create(PathOf(content));
        stream.SetLength(sizeBytes);
        for (long done = 0; done < sizeBytes; done += PieceBytes)
        {
            if (content != Content.Half || done / StretchBytes % 2 == 0)
            {
                random.NextBytes(buffer);
                stream.Position = done;
                await stream.WriteAsync(buffer, cancellationToken);
            }
        }
    }
}
