using System.Numerics;
using System.Runtime.InteropServices;

namespace Skerry.Movers.Native.Wire;

/// <summary>CRC-32C (Castagnoli, reflected, as RFC 3720 appendix B.4) of a frame's content.</summary>
internal static class Checksum
{
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var running = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            running = BitOperations.Crc32C(running, word);
        }

        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
        {
            running = BitOperations.Crc32C(running, rest);
        }

        return ~running;
    }
}
