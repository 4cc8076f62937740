namespace Skerry.Blocks;

/// <summary>What a numbered write does to its range.</summary>
public enum WriteKind
{
    /// <summary>Stores the bytes.</summary>
    Data = 0,

    /// <summary>The range reads as zeroes and stays allocated.</summary>
    Zeroes = 1,

    /// <summary>The range reads as zeroes and gives its space back.</summary>
    Trim = 2,
}

/// <summary>One write of a volume's history, as a primary makes it and a replica applies it.</summary>
/// <param name="Number">Its number; one above the write before it, over runs.</param>
/// <param name="OffsetBytes">Where the range begins. Writes from a tap are cut at whole blocks, or at the disk's end.</param>
/// <param name="LengthBytes">How long it is; above zero.</param>
/// <param name="Data">The bytes, for <see cref="WriteKind.Data"/>; otherwise empty.</param>
/// <param name="Kind">What it does.</param>
public readonly record struct NumberedWrite(long Number, long OffsetBytes, long LengthBytes, ReadOnlyMemory<byte> Data, WriteKind Kind);

/// <summary>Content for a place of a catch-up.</summary>
/// <param name="OffsetBytes">Where it begins; a multiple of 4096.</param>
/// <param name="Data">Whole blocks, or up to the disk's end.</param>
public readonly record struct BlockPut(long OffsetBytes, ReadOnlyMemory<byte> Data);

/// <summary>A range whose content may have changed.</summary>
/// <param name="OffsetBytes">Where it begins; a multiple of 4096.</param>
/// <param name="LengthBytes">How long it is; a multiple of 4096, or up to the disk's end.</param>
/// <param name="IsHole">True when nothing is stored there now and it reads as zeroes.</param>
public readonly record struct ChangedRange(long OffsetBytes, long LengthBytes, bool IsHole);

/// <summary>A snapshot of a volume.</summary>
/// <param name="Id">Its name within the volume.</param>
/// <param name="Lineage">The state that it holds.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="SizeBytes">The disk's size then.</param>
public sealed record SnapshotInfo(string Id, Lineage Lineage, DateTimeOffset CreatedAt, long SizeBytes);

/// <summary>The room of a store, in bytes.</summary>
/// <param name="TotalBytes">What the store may use: its capacity, or the file system's size when none is set.</param>
/// <param name="FreeBytes">What can still be written before writes fail with <see cref="BlockError.NoSpace"/>.</param>
/// <param name="AllocatedBytes">What the store's files occupy.</param>
public readonly record struct StoreSpace(long TotalBytes, long FreeBytes, long AllocatedBytes)
{
    /// <summary>Of the allocated bytes, those that some volume or snapshot used when that was last looked up; 0 before the first time.</summary>
    public long LiveBytes { get; init; }

    /// <summary>
    /// Of the allocated bytes, those that were found dead then: cleaning gives them back, and they count as free, until it has
    /// found that it can give back no more.
    /// </summary>
    public long DeadBytes { get; init; }

    /// <summary>Freed files that are kept to be written again. They count as free, and not as allocated.</summary>
    public long SpareBytes { get; init; }

    /// <summary>How full the store is.</summary>
    public StoreFullness Fullness => FreeBytes <= 0 ? StoreFullness.Full : (FreeBytes / (double)Math.Max(1, TotalBytes)) switch
    {
        < 0.05 => StoreFullness.Above95Percent,
        < 0.10 => StoreFullness.Above90Percent,
        < 0.20 => StoreFullness.Above80Percent,
        _ => StoreFullness.Ample,
    };
}

/// <summary>When to act, before writes fail.</summary>
public enum StoreFullness
{
    /// <summary>Less than 80 % are in use.</summary>
    Ample,

    /// <summary>80 % or more.</summary>
    Above80Percent,

    /// <summary>90 % or more.</summary>
    Above90Percent,

    /// <summary>95 % or more: writes are about to fail.</summary>
    Above95Percent,

    /// <summary>Writes of data fail; deletes, snapshots and trims still work.</summary>
    Full,
}

/// <summary>What was written since the store was opened, in bytes.</summary>
/// <param name="UserBytes">Data that volumes were given, zeroes left out.</param>
/// <param name="LogBytes">What was written to the log for it, with headers and changes.</param>
/// <param name="CleanedBytes">What the cleaner copied.</param>
public readonly record struct StoreTraffic(long UserBytes, long LogBytes, long CleanedBytes)
{
    /// <summary>Bytes written to files of blocks for each byte of data; 1 before the first.</summary>
    public double WriteAmplification => UserBytes == 0 ? 1 : (LogBytes + CleanedBytes) / (double)UserBytes;
}
