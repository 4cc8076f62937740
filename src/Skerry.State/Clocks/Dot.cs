using System.Globalization;

namespace Skerry.State.Clocks;

/// <summary>One start of one site. Every start draws a fresh incarnation, so no dot is made twice, not even by a cloned disk.</summary>
public readonly record struct Writer(SiteId Site, ulong Incarnation) : IComparable<Writer>
{
    public int CompareTo(Writer other)
    {
        var bySite = Site.CompareTo(other.Site);
        return bySite != 0 ? bySite : Incarnation.CompareTo(other.Incarnation);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Site}.{Incarnation:x16}");

    public static bool operator <(Writer left, Writer right) => left.CompareTo(right) < 0;
    public static bool operator >(Writer left, Writer right) => left.CompareTo(right) > 0;
    public static bool operator <=(Writer left, Writer right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Writer left, Writer right) => left.CompareTo(right) >= 0;
}

/// <summary>
/// Names a mutation: which site made it, in which of its incarnations, and the how-manieth of that incarnation it is, from 1 without
/// gaps. Ordered by site, incarnation, sequence; the order means nothing but that it is the same everywhere.
/// </summary>
public readonly record struct Dot(SiteId Site, ulong Incarnation, long Sequence) : IComparable<Dot>
{
    public Writer Writer => new(Site, Incarnation);

    public int CompareTo(Dot other)
    {
        var byWriter = Writer.CompareTo(other.Writer);
        return byWriter != 0 ? byWriter : Sequence.CompareTo(other.Sequence);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Site}.{Incarnation:x16}.{Sequence}");

    public static bool operator <(Dot left, Dot right) => left.CompareTo(right) < 0;
    public static bool operator >(Dot left, Dot right) => left.CompareTo(right) > 0;
    public static bool operator <=(Dot left, Dot right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Dot left, Dot right) => left.CompareTo(right) >= 0;
}
