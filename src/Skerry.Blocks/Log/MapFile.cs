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
