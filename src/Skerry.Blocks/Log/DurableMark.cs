using System.Buffers.Binary;

namespace Skerry.Blocks.Log;

/// <summary>
/// The last record known to be durable, noted after each sync in two places in turn and never synced itself: what is found in it is
/// true, if perhaps old. It tells a bad record near the log's end that was once flushed from one that was torn.
/// </summary>
internal sealed class DurableMark(IBackingFile file, ulong storeId) : IDisposable
{
    public const string FileName = "durable";
    private const int SlotBytes = 512, Used = 20;
    private readonly byte[] _bytes = new byte[Used];
    private int _slot;

    public long Read()
    {
        var best = 0L;
        Span<byte> bytes = stackalloc byte[Used];
        for (var slot = 0; slot < 2; slot++)
        {
            file.Read(slot * SlotBytes, bytes);
            if (BinaryPrimitives.ReadUInt64LittleEndian(bytes) == storeId
                && BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]) == Crc32C.Of(bytes[..16]))
            {
                best = Math.Max(best, BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]));
            }
        }

        return best;
    }

    public void Set(long sequence)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes, storeId);
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(8), sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(16), Crc32C.Of(_bytes.AsSpan(0, 16)));
        file.Write(_slot * SlotBytes, _bytes);
        _slot = 1 - _slot;
    }

    public void Dispose() => file.Dispose();
}
