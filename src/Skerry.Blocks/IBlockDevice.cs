using Skerry.Blocks.Integrity;

namespace Skerry.Blocks;

/// <summary>
/// A random-access disk as an NBD export, a mover and a test see it: a volume's head, a clone or a read-only snapshot.
/// </summary>
/// <remarks>
/// <para>Any byte range inside <see cref="SizeBytes"/> is legal; blocks of <see cref="BlockSize"/> bytes are what is stored.</para>
/// <para>Buffers belong to the caller and may be reused as soon as the returned task has completed.</para>
/// <para>Calls may overlap. A read that begins after a write completed sees that write. Writes that overlap in time and place
/// land in some order, each whole block from one of them.</para>
/// <para>A completed write is durable only after a flush that began after it has completed, or when it carried
/// <see cref="WriteOptions.ForceUnitAccess"/>. After a failed sync nothing later is acknowledged as durable.</para>
/// <para>Faults are <see cref="BlockException"/>.</para>
/// </remarks>
public interface IBlockDevice
{
    /// <summary>The unit of mapping and checksumming, in bytes.</summary>
    const int BlockSize = 4096;

    /// <summary>Size in bytes, a multiple of 512; grows on extend and never shrinks.</summary>
    long SizeBytes { get; }

    /// <summary>True for snapshots and for volumes that are fenced, demoted or replicas.</summary>
    bool IsReadOnly { get; }

    ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken);

    ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, WriteOptions options, CancellationToken cancellationToken);

    /// <summary>The range reads as zeroes afterwards. Without <see cref="WriteOptions.KeepAllocated"/> its space is given back.</summary>
    ValueTask WriteZeroesAsync(long offsetBytes, long lengthBytes, WriteOptions options, CancellationToken cancellationToken);

    /// <summary>Whole blocks of the range read as zeroes afterwards and their space is given back; ragged ends may keep their bytes.</summary>
    ValueTask TrimAsync(long offsetBytes, long lengthBytes, WriteOptions options, CancellationToken cancellationToken);

    /// <summary>When the task completes, every write that completed before this call is on stable storage.</summary>
    ValueTask FlushAsync(CancellationToken cancellationToken);

    /// <summary>
    /// What is allocated in the range, as adjoining extents in order that cover it from <paramref name="offsetBytes"/> on; may stop
    /// early after <paramref name="limit"/> extents.
    /// </summary>
    IReadOnlyList<BlockExtent> Extents(long offsetBytes, long lengthBytes, int limit);
}

/// <summary>A device that is quicker with many writes at once than with one after the other.</summary>
public interface IBatchingDevice : IBlockDevice
{
    /// <summary>As <see cref="IBlockDevice.FlushAsync"/>, but the sync may wait for <see cref="CarryOut"/>.</summary>
    ValueTask BeginFlush(CancellationToken cancellationToken);

    /// <summary>
    /// Carries out every write that was begun with <see cref="WriteOptions.MoreFollows"/>, by anyone, and has those synced that wait to
    /// be durable. On return the others' tasks have completed.
    /// </summary>
    /// <param name="mayWait">
    /// The caller has nothing else to do: where syncs are quick, it syncs on its own thread, and then all of these tasks have completed.
    /// </param>
    void CarryOut(bool mayWait);
}

/// <summary>How a write is to be carried out.</summary>
[Flags]
public enum WriteOptions
{
    None = 0,

    /// <summary>The write is on stable storage when its task completes (NBD_CMD_FLAG_FUA).</summary>
    ForceUnitAccess = 1,

    /// <summary>Zeroes stay allocated (NBD_CMD_FLAG_NO_HOLE).</summary>
    KeepAllocated = 2,

    /// <summary>
    /// The caller has more, and calls <see cref="IBatchingDevice.CarryOut"/> after the last: until then the write may wait. Devices
    /// that do not batch ignore it.
    /// </summary>
    MoreFollows = 4,
}

/// <summary>A run of bytes of one kind.</summary>
/// <param name="OffsetBytes">Where it begins.</param>
/// <param name="LengthBytes">How long it is; above zero.</param>
/// <param name="Allocated">False where nothing is stored and reads give zeroes.</param>
public readonly record struct BlockExtent(long OffsetBytes, long LengthBytes, bool Allocated);

/// <summary>Why a block operation could not be carried out.</summary>
public enum BlockError
{
    /// <summary>Outside the device, or a length that is negative (EINVAL).</summary>
    OutOfRange,

    /// <summary>The device takes no writes (EPERM).</summary>
    ReadOnly,

    /// <summary>The backend has no room; deletes still work (ENOSPC).</summary>
    NoSpace,

    /// <summary>A stored block does not match its checksum; the message names the range (EIO).</summary>
    Corrupt,

    /// <summary>The host's file system failed (EIO); after a failed sync every later flush fails with this.</summary>
    Io,

    /// <summary>The volume or store was closed, fenced or deleted meanwhile (ESHUTDOWN).</summary>
    Closed,

    /// <summary>No volume or snapshot of that name.</summary>
    NotFound,

    /// <summary>A volume or snapshot of that name exists already.</summary>
    Exists,

    /// <summary>The volume is encrypted and its key is not here; the message names it (EPERM).</summary>
    Locked,

    /// <summary>What was asked does not fit the present state; the message says what to do instead.</summary>
    Refused,
}

/// <summary>A fault of the block store. The message names the thing, what is wrong and what to do.</summary>
public sealed class BlockException(BlockError error, string message, Exception? inner = null) : Exception(message, inner)
{
    public BlockError Error { get; } = error;

    /// <summary>Which stored bytes are bad, when that is what is wrong.</summary>
    public BlockDamage? Damage { get; init; }
}
