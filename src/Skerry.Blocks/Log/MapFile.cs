using System.Buffers.Binary;
using System.Globalization;

namespace Skerry.Blocks.Log;

/// <summary>The name and the beginning of a file of map nodes, and how a node in it is named.</summary>
internal static class MapFile
{
    public const string Extension = ".map";
    public const int HeaderBytes = 32;

    /// <summary>Nodes begin at multiples of it.</summary>
    public const int Alignment = 8;

    private const uint Magic = 0x4D4B_5953; // "SYKM"
    private const int Version = 2, OffsetBits = 40;

    public static string NameOf(long number) => number.ToString("D16", CultureInfo.InvariantCulture) + Extension;

    /// <summary>Null for another kind of file.</summary>
    public static long? NumberOf(string name) =>
        name.EndsWith(Extension, StringComparison.Ordinal)
        && long.TryParse(name.AsSpan(0, name.Length - Extension.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    public static ulong AddressOf(long number, long offsetBytes) => ((ulong)number << OffsetBits) | (ulong)offsetBytes;

    public static long FileOf(ulong address) => (long)(address >> OffsetBits);

    public static long OffsetOf(ulong address) => (long)(address & ((1UL << OffsetBits) - 1));

    /// <summary>
    /// Refuses a file that is sound and not this one: of another version, or put here from another store. Damage is no reason, since each
    /// node proves itself.
    /// </summary>
    public static void RequireOwn(ReadOnlySpan<byte> header, ulong storeId, long number, string storage)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(header[28..]) != Crc32C.Of(header[..28]))
        {
            return;
        }

        var name = $"{storage}/{NameOf(number)}";
        var version = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        if (version != Version)
        {
            throw new BlockException(BlockError.Refused, $"{name} has format version {version}; this program reads version {Version}. Use a newer one");
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(header[8..]) != storeId || BinaryPrimitives.ReadInt64LittleEndian(header[16..]) != number)
        {
            throw new BlockException(BlockError.Corrupt, $"{name} belongs to another store, or has another number. Put the file back that was here");
        }
    }

    public static byte[] Header(ulong storeId, long number)
    {
        var header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), storeId);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), number);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), Crc32C.Of(header.AsSpan(0, 28)));
        return header;
    }
}
