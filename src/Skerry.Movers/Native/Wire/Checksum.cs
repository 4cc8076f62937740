using Skerry.Blocks.Log;

namespace Skerry.Movers.Native.Wire;

/// <summary>CRC-32C (Castagnoli, reflected, as RFC 3720 appendix B.4) of a frame's content.</summary>
internal static class Checksum
{
    public static uint Of(ReadOnlySpan<byte> bytes) => Crc32C.Of(bytes);
}
