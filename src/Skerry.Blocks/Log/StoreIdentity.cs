using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Skerry.Blocks.Log;

/// <summary>What a store is for as long as it exists: its random identity and the size of its segments. Written last when it is made.</summary>
internal readonly record struct StoreIdentity(ulong StoreId, int SegmentBytes)
{
    public const string FileName = "store";
    private const uint Magic = 0x534B_5953; // "SYKS"
    private const int Version = 1, Bytes = 24;

    public static StoreIdentity? Find(IBackingStorage storage)
    {
        if (!storage.List().Contains(FileName))
        {
            return null;
        }

        using var file = storage.Open(FileName);
        Span<byte> bytes = stackalloc byte[Bytes];
        file.Read(0, bytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]) != Crc32C.Of(bytes[..20]))
        {
            throw new BlockException(
                BlockError.Corrupt, $"{storage.Name}/{FileName} is damaged: it does not match its checksum. Restore that file from a copy, or the volumes from their replicas");
        }

        var version = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        return version == Version
            ? new StoreIdentity(BinaryPrimitives.ReadUInt64LittleEndian(bytes[12..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]))
            : throw new BlockException(BlockError.Refused, $"{storage.Name} has format version {version}; this program reads version {Version}. Use a newer one");
    }

    public static StoreIdentity New(int segmentBytes) => new(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1, segmentBytes);

    public void Save(IBackingStorage storage)
    {
        var bytes = new byte[Bytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), SegmentBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(12), StoreId);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(20), Crc32C.Of(bytes.AsSpan(0, 20)));
        using (var file = storage.Create(FileName + ".new", 0))
        {
            file.Write(0, bytes);
            file.Sync();
        }

        storage.Rename(FileName + ".new", FileName);
        storage.SyncNames();
    }
}
