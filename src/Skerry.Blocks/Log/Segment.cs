using System.Collections;

namespace Skerry.Blocks.Log;

/// <summary>One file of blocks: a segment of the log, or a pack of what the cleaner kept of several.</summary>
internal sealed class Segment(long id, bool isPack, IBackingFile file, int blocks, Sums sums) : IDisposable
{
    public const string Extension = ".segment", PackExtension = ".pack";

    public long Id { get; } = id;

    public bool IsPack { get; } = isPack;

    public string Name => IsPack ? PackNameOf(Id) : NameOf(Id);

    public IBackingFile File { get; } = file;

    /// <summary>
    /// True while the cleaner fills or empties it and a crash may still need either side: then nobody gives room of it back.
    /// </summary>
    public bool InMotion { get; set; }

    public int Blocks { get; } = blocks;

    /// <summary>True for a segment of the log in which the file system may have blocks that were never written.</summary>
    public bool IsFresh { get; init; }

    /// <summary>The checksums of its blocks.</summary>
    public Sums Sums { get; } = sums;

    /// <summary>Held while a block is put back into the file.</summary>
    public Lock Mending { get; } = new();

    /// <summary>Blocks whose room was given back to the file system; the sweeper's.</summary>
    public BitArray PunchedBlocks => field ??= new BitArray(Blocks);

    /// <summary>How many of them.</summary>
    public int PunchedCount { get; set; }

    /// <summary>How many more were dead at the last sweep; the sweeper's.</summary>
    public int DeadWhenSwept { get; set; }

    public static string NameOf(long id) => $"{id:d16}{Extension}";

    public static string PackNameOf(long id) => $"{id:d16}{PackExtension}";

    public static long? IdOf(string name) => IdOf(name, Extension);

    public static long? PackIdOf(string name) => IdOf(name, PackExtension);

    public void Dispose()
    {
        File.Dispose();
        Sums.Dispose();
    }

    private static long? IdOf(string name, string extension) =>
        name.EndsWith(extension, StringComparison.Ordinal) && long.TryParse(name.AsSpan(0, name.Length - extension.Length), out var id) ? id : null;
}
