using System.Buffers.Binary;

namespace Skerry.Blocks.Log;

/// <summary>
/// The last record known to be durable, noted after each sync in two sectors and never synced itself: what is found in it is
/// true, if perhaps old. It tells a bad record near the log's end that was once flushed from one that was torn, and by the opening that
/// wrote it from one of the same number that a recovery cut.
/// </summary>
internal sealed class DurableMark(IBackingFile file, ulong storeId) : IDisposable
{
    public const string FileName = "durable";

    /// <summary>The file's size. Allocated when it is made, so that a full disk cannot fail a flush.</summary>
    public const int Bytes = 2 * SlotBytes;

    private const int SlotBytes = 512, Used = 28, UsedBefore = 20;
    private readonly byte[] _bytes = new byte[SlotBytes + Used];

    public Durable Read()
    {
        var best = default(Durable);
        Span<byte> bytes = stackalloc byte[Used];
        for (var slot = 0; slot < 2; slot++)
        {
            file.Read(slot * SlotBytes, bytes);
            var named = IsSealed(bytes);
            if (BinaryPrimitives.ReadUInt64LittleEndian(bytes) == storeId && (named || IsSealed(bytes[..UsedBefore])))
            {
                var found = new Durable(BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]), named ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]) : 0);
                best = found.Sequence > best.Sequence ? found : best;
            }
        }

        return best;
    }

    /// <summary>This record, which that opening of the store wrote, is durable with all before it.</summary>
    public void Set(long sequence, ulong opening)
    {
        var slot = _bytes.AsSpan(0, Used);
        BinaryPrimitives.WriteUInt64LittleEndian(slot, storeId);
        BinaryPrimitives.WriteInt64LittleEndian(slot[8..], sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[16..], opening);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[^sizeof(uint)..], Crc32C.Of(slot[..^sizeof(uint)]));
        slot.CopyTo(_bytes.AsSpan(SlotBytes));
        file.Write(0, _bytes);
    }

    public void Dispose() => file.Dispose();

    private static bool IsSealed(ReadOnlySpan<byte> slot) =>
        BinaryPrimitives.ReadUInt32LittleEndian(slot[^sizeof(uint)..]) == Crc32C.Of(slot[..^sizeof(uint)]);
}

/// <summary>A record that was made durable, with all before it in the log that led to it.</summary>
/// <param name="Sequence">Its number; 0 when nothing is known.</param>
/// <param name="Opening">An opening of the store whose log it is in: the one that wrote it, or a later one; 0 when that is not known.</param>
internal readonly record struct Durable(long Sequence, ulong Opening);
