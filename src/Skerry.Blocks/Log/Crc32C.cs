using System.Numerics;
using System.Runtime.InteropServices;

namespace Skerry.Blocks.Log;

/// <summary>CRC-32C (Castagnoli, reflected, as RFC 3720 appendix B.4), by the processor's instruction where it has one.</summary>
internal static class Crc32C
{
    public static uint Of(ReadOnlySpan<byte> bytes) => ~Append(uint.MaxValue, bytes);

    /// <summary>Goes on from a running value that starts at all ones; invert the last one for the checksum.</summary>
    public static uint Append(uint running, ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            running = BitOperations.Crc32C(running, word);
        }

        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
        {
            running = BitOperations.Crc32C(running, rest);
        }

        return running;
    }
}
