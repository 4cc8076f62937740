using System.Globalization;

namespace Skerry.State.Clocks;

/// <summary>
/// A hybrid logical stamp: 48 bits of Unix milliseconds above 16 bits of counter. Stamps rank writes; they never imply that one write
/// had seen another. A counter that runs over carries into the milliseconds.
/// </summary>
public readonly record struct Hlc(ulong Value) : IComparable<Hlc>
{
    private const int CounterBits = 16;

    public static Hlc Zero => default;

    public long UnixMilliseconds => (long)(Value >> CounterBits);

    public int Counter => (int)(Value & 0xFFFF);

    /// <summary>The wall-clock part.</summary>
    public DateTimeOffset Time => DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(UnixMilliseconds, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

    /// <summary>The next higher stamp.</summary>
    public Hlc Next => new(checked(Value + 1));

    /// <summary>The lowest stamp of that millisecond; times before 1970 count as 1970.</summary>
    public static Hlc FromUnixMilliseconds(long unixMilliseconds) => new((ulong)Math.Max(0, unixMilliseconds) << CounterBits);

    public static Hlc Max(Hlc left, Hlc right) => left.Value >= right.Value ? left : right;

    public int CompareTo(Hlc other) => Value.CompareTo(other.Value);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{UnixMilliseconds}.{Counter}");

    public static bool operator <(Hlc left, Hlc right) => left.Value < right.Value;
    public static bool operator >(Hlc left, Hlc right) => left.Value > right.Value;
    public static bool operator <=(Hlc left, Hlc right) => left.Value <= right.Value;
    public static bool operator >=(Hlc left, Hlc right) => left.Value >= right.Value;
}
