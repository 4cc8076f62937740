using Skerry.State.Clocks;

namespace Skerry.State.Merging;

/// <summary>Who made a write, where and when; shared by all values of one mutation.</summary>
internal sealed record Origin(Dot Dot, Hlc Stamp, string Author, OriginFlags Flags = OriginFlags.None);

/// <summary>What a mutation says of itself that ranks or explains its values. Bits that this version does not know are kept.</summary>
[Flags]
internal enum OriginFlags : ulong
{
    None = 0,

    /// <summary>Its maker knew that its clock could not be trusted.</summary>
    UnsureStamp = 1,
}

/// <summary>What later writes have said of a standing value.</summary>
[Flags]
internal enum Marks : byte
{
    None = 0,

    /// <summary>A later write under the rule <see cref="MergeRule.Hold"/> had it in view: it stands, and never competes again.</summary>
    Outranked = 1,

    /// <summary>A delete had it in view, or its writer had the delete in view: it is no reason to doubt the delete.</summary>
    KnownToDelete = 2,
}

/// <summary>A value of a field that no write has replaced. Of several the first in <see cref="Compare"/>'s order wins.</summary>
public sealed class StandingValue
{
    internal StandingValue(Origin origin, FieldValue value, int rank, Marks marks)
    {
        Origin = origin;
        Value = value;
        Rank = rank;
        Marks = marks;
    }

    public FieldValue Value { get; }

    /// <summary>The mutation that wrote it.</summary>
    public Dot Dot => Origin.Dot;

    /// <summary>The site that wrote it.</summary>
    public SiteId Site => Origin.Dot.Site;

    public Hlc Stamp => Origin.Stamp;

    /// <summary>The user or reconciler that wrote it.</summary>
    public string Author => Origin.Author;

    /// <summary>As it was when written: 0 for none, higher wins.</summary>
    public int Rank { get; }

    /// <summary>Its maker knew that its clock could not be trusted, so it ranks below every value whose stamp says something.</summary>
    public bool IsUnsure => (Origin.Flags & OriginFlags.UnsureStamp) != 0;

    /// <summary>It stands for a person to see, and cannot win.</summary>
    public bool IsOutranked => (Marks & Marks.Outranked) != 0;

    /// <summary>The delete of its entity knew it.</summary>
    public bool IsKnownToDelete => (Marks & Marks.KnownToDelete) != 0;

    internal Origin Origin { get; }

    internal Marks Marks { get; }

    internal StandingValue With(Marks marks) => (Marks | marks) == Marks ? this : new StandingValue(Origin, Value, Rank, Marks | marks);

    /// <summary>
    /// The one order of all sites: what nothing outranks first, then what has a stamp to be trusted, then by rank, stamp and whole dot,
    /// highest first.
    /// </summary>
    internal static int Compare(StandingValue left, StandingValue right)
    {
        var order = left.IsOutranked.CompareTo(right.IsOutranked);
        if (order == 0) order = left.IsUnsure.CompareTo(right.IsUnsure);
        if (order == 0) order = right.Rank.CompareTo(left.Rank);
        if (order == 0) order = right.Stamp.CompareTo(left.Stamp);
        if (order == 0) order = right.Dot.CompareTo(left.Dot);
        return order;
    }

    public override string ToString() => $"{Value} by {Author} at {Site}";
}
