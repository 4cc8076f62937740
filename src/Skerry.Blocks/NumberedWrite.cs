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
public readonly record struct StoreSpace(long TotalBytes, long FreeBytes, long AllocatedBytes);
