using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Skerry.Blocks.Log;

/// <summary>
/// CRC-32C (Castagnoli, reflected, as RFC 3720 appendix B.4), by the processor's carry-less multiplication where it has one, else by
/// its checksum instruction, which can only go one word after the other.
/// </summary>
/// <remarks>
/// Folding: a checksum is a remainder, so 16 bytes may be replaced by anything with the same remainder that lies further on. A lane's
/// two halves, multiplied by what their distance is worth, are added to the lane that far behind, until one lane is left.
/// </remarks>
internal static class Crc32C
{
    private const int LaneBytes = 16;
    private const int NarrowStepBytes = 4 * LaneBytes;
    private const int WideStepBytes = 4 * NarrowStepBytes;

    /// <summary>The polynomial without its highest term, the coefficient of 1 in the highest bit.</summary>
    private const uint Polynomial = 0x82F63B78;

    private static readonly Vector128<ulong> ByLane = Distance(LaneBytes);
    private static readonly Vector128<ulong> ByNarrowStep = Distance(NarrowStepBytes);
    private static readonly Vector128<ulong> ByWideStep = Distance(WideStepBytes);

    public static uint Of(ReadOnlySpan<byte> bytes) => ~Append(uint.MaxValue, bytes);

    /// <summary>Goes on from a running value that starts at all ones; invert the last one for the checksum.</summary>
    public static uint Append(uint running, ReadOnlySpan<byte> bytes)
    {
        if (Pclmulqdq.V512.IsSupported && bytes.Length >= WideStepBytes)
        {
            var whole = bytes.Length & -NarrowStepBytes;
            running = AppendWide(running, bytes[..whole]);
            bytes = bytes[whole..];
        }
        else if (Pclmulqdq.IsSupported && bytes.Length >= NarrowStepBytes)
        {
            var whole = bytes.Length & -LaneBytes;
            running = AppendNarrow(running, bytes[..whole]);
            bytes = bytes[whole..];
        }

        return AppendWords(running, bytes);
    }

    /// <summary>One word after the other.</summary>
    internal static uint AppendWords(uint running, ReadOnlySpan<byte> bytes)
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

    /// <summary>At least one step of 64 bytes, then whole lanes of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static uint AppendNarrow(uint running, ReadOnlySpan<byte> bytes)
    {
        var lanes = MemoryMarshal.Cast<byte, Vector128<ulong>>(bytes);
        var a = lanes[0] ^ Vector128.CreateScalar((ulong)running);
        var (b, c, d) = (lanes[1], lanes[2], lanes[3]);
        lanes = lanes[4..];
        for (; lanes.Length >= 4; lanes = lanes[4..])
        {
            a = Fold(a, ByNarrowStep) ^ lanes[0];
            b = Fold(b, ByNarrowStep) ^ lanes[1];
            c = Fold(c, ByNarrowStep) ^ lanes[2];
            d = Fold(d, ByNarrowStep) ^ lanes[3];
        }

        var last = Fold(Fold(Fold(a, ByLane) ^ b, ByLane) ^ c, ByLane) ^ d;
        foreach (var lane in lanes)
        {
            last = Fold(last, ByLane) ^ lane;
        }

        return Remainder(last);
    }

    /// <summary>At least one step of 256 bytes, then whole stretches of 64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint AppendWide(uint running, ReadOnlySpan<byte> bytes)
    {
        var lanes = MemoryMarshal.Cast<byte, Vector512<ulong>>(bytes);
        var a = lanes[0] ^ Vector512.CreateScalar((ulong)running);
        var (b, c, d) = (lanes[1], lanes[2], lanes[3]);
        var step = Vector512.Create(Vector256.Create(ByWideStep, ByWideStep), Vector256.Create(ByWideStep, ByWideStep));
        lanes = lanes[4..];
        for (; lanes.Length >= 4; lanes = lanes[4..])
        {
            a = Fold(a, step) ^ lanes[0];
            b = Fold(b, step) ^ lanes[1];
            c = Fold(c, step) ^ lanes[2];
            d = Fold(d, step) ^ lanes[3];
        }

        var one = Vector512.Create(Vector256.Create(ByNarrowStep, ByNarrowStep), Vector256.Create(ByNarrowStep, ByNarrowStep));
        var last = Fold(Fold(Fold(a, one) ^ b, one) ^ c, one) ^ d;
        foreach (var lane in lanes)
        {
            last = Fold(last, one) ^ lane;
        }

        var (low, high) = (last.GetLower(), last.GetUpper());
        return Remainder(Fold(Fold(Fold(low.GetLower(), ByLane) ^ low.GetUpper(), ByLane) ^ high.GetLower(), ByLane) ^ high.GetUpper());
    }

    private static Vector128<ulong> Fold(Vector128<ulong> lane, Vector128<ulong> distance) =>
        Pclmulqdq.CarrylessMultiply(lane, distance, 0x00) ^ Pclmulqdq.CarrylessMultiply(lane, distance, 0x11);

    private static Vector512<ulong> Fold(Vector512<ulong> lanes, Vector512<ulong> distance) =>
        Pclmulqdq.V512.CarrylessMultiply(lanes, distance, 0x00) ^ Pclmulqdq.V512.CarrylessMultiply(lanes, distance, 0x11);

    private static uint Remainder(Vector128<ulong> lane) =>
        BitOperations.Crc32C(BitOperations.Crc32C(0, lane.GetElement(0)), lane.GetElement(1));

    /// <summary>What moving a lane's halves on by so many bytes multiplies them with.</summary>
    private static Vector128<ulong> Distance(int bytes) => Vector128.Create(Power((bytes * 8) + 32), Power((bytes * 8) - 32));

    /// <summary>x to this power, modulo the polynomial. Reflected, and one bit up, since a product of reflected factors comes one bit low.</summary>
    private static ulong Power(int exponent)
    {
        var value = 0x8000_0000u;
        for (var i = 0; i < exponent; i++)
        {
            value = (value >> 1) ^ ((value & 1) != 0 ? Polynomial : 0);
        }

        return (ulong)value << 1;
    }
}
