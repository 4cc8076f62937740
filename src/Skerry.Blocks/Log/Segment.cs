using System.Collections;

namespace Skerry.Blocks.Log;

/// <summary>One file of the log.</summary>
internal sealed class Segment(long id, IBackingFile file, int blocks, Sums sums) : IDisposable
{
    public const string Extension = ".segment";

    public long Id { get; } = id;

    public IBackingFile File { get; } = file;

    public int Blocks { get; } = blocks;

    /// <summary>The checksums of its blocks.</summary>
    public Sums Sums { get; } = sums;

    /// <summary>Held while a block is put back into the file.</summary>
    public Lock Mending { get; } = new();

    /// <summary>Blocks whose room was given back to the file system; the sweeper's.</summary>
    public BitArray PunchedBlocks => field ??= new BitArray(Blocks);

    /// <summary>How many of them.</summary>
    public int PunchedCount { get; set; }

    public static string NameOf(long id) => $"{id:d16}{Extension}";

    public static long? IdOf(string name) =>
        name.EndsWith(Extension, StringComparison.Ordinal) && long.TryParse(name.AsSpan(0, name.Length - Extension.Length), out var id) ? id : null;

    public void Dispose()
    {
        File.Dispose();
        Sums.Dispose();
    }
}
