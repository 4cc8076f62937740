using Skerry.Blocks.Encryption;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks;

/// <summary>A snapshot as a disk that takes no writes.</summary>
internal sealed class SnapshotDevice(string name, VolumeState volume, Snapshot snapshot, VolumeCipher? cipher, StoreParts parts) : IBlockDevice
{
    public long SizeBytes => snapshot.Info.SizeBytes;

    public bool IsReadOnly => true;

    public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Ranges.Require(name, SizeBytes, offsetBytes, buffer.Length);
        RequireThere();
        try
        {
            parts.Reader.Read(snapshot.Map, cipher, name, offsetBytes, buffer.Span);
        }
        catch (BlockException e) when (e.Damage is not null && parts.Healing.Healer is not null && !snapshot.Deleted)
        {
            return parts.Healing.ReadAgainAsync(volume, snapshot, name, offsetBytes, buffer, cancellationToken);
        }

        // Deleted while it was read: its places may have been used anew by then.
        RequireThere();
        return ValueTask.CompletedTask;
    }

    public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, WriteOptions options, CancellationToken cancellationToken) => throw ReadOnly();

    public ValueTask WriteZeroesAsync(long offsetBytes, long lengthBytes, WriteOptions options, CancellationToken cancellationToken) => throw ReadOnly();

    public ValueTask TrimAsync(long offsetBytes, long lengthBytes, WriteOptions options, CancellationToken cancellationToken) => throw ReadOnly();

    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public IReadOnlyList<BlockExtent> Extents(long offsetBytes, long lengthBytes, int limit)
    {
        RequireThere();
        return Ranges.Extents(name, snapshot.Map, SizeBytes, offsetBytes, lengthBytes, limit);
    }

    private BlockException ReadOnly() => new(BlockError.ReadOnly, $"{name} takes no writes; clone it to write");

    private void RequireThere()
    {
        if (snapshot.Deleted)
        {
            throw new BlockException(BlockError.Closed, $"{name} was deleted");
        }
    }
}
