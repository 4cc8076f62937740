using System.Buffers.Binary;

namespace Skerry.State.Merging;

/// <summary>
/// What a range of entities holds: how many, and the sum of their SHA-256, modulo 2^256. A sum does not depend on the shape of the tree
/// that it was made over, so sites that came to the same entities by different ways have the same, and that of a part is cheap to have.
/// </summary>
/// <remarks>
/// It finds what a fault has made different. It is no proof against an adversary who chooses entities so that sums collide; what a site
/// may say at all is guarded elsewhere. See Meyer, "Range-Based Set Reconciliation" (2023), section 5.
/// </remarks>
public readonly record struct RangeDigest
{
    /// <summary>Of the sum, little-endian.</summary>
    public const int SumBytes = 32;

    private readonly UInt128 _low;
    private readonly UInt128 _high;

    private RangeDigest(long count, UInt128 low, UInt128 high)
    {
        Count = count;
        _low = low;
        _high = high;
    }

    public static RangeDigest Empty => default;

    /// <summary>Entities in the range, those in the trash included.</summary>
    public long Count { get; }

    /// <exception cref="ArgumentException">The sum is not <see cref="SumBytes"/> long.</exception>
    public static RangeDigest Read(long count, ReadOnlySpan<byte> sum) => sum.Length == SumBytes
        ? new RangeDigest(count, BinaryPrimitives.ReadUInt128LittleEndian(sum), BinaryPrimitives.ReadUInt128LittleEndian(sum[16..]))
        : throw new ArgumentException($"A sum has {SumBytes} bytes, not {sum.Length}.", nameof(sum));

    public RangeDigest Plus(RangeDigest other)
    {
        unchecked
        {
            var low = _low + other._low;
            return new RangeDigest(Count + other.Count, low, _high + other._high + (low < _low ? 1u : 0u));
        }
    }

    public byte[] Sum()
    {
        var sum = new byte[SumBytes];
        BinaryPrimitives.WriteUInt128LittleEndian(sum, _low);
        BinaryPrimitives.WriteUInt128LittleEndian(sum.AsSpan(16), _high);
        return sum;
    }
}
