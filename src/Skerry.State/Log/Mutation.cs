using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.State.Log;

/// <summary>An atomic batch of writes made at one site. Immutable; carries the bytes it came in, which are what is logged and passed on.</summary>
public sealed class Mutation
{
    internal Mutation(Dot dot, Hlc stamp, string author, bool urgent, IReadOnlyList<Change> changes, ReadOnlyMemory<byte> encoded)
    {
        Origin = new Origin(dot, stamp, author);
        IsUrgent = urgent;
        Changes = changes;
        Encoded = encoded;
    }

    public Dot Dot => Origin.Dot;

    public Hlc Stamp => Origin.Stamp;

    /// <summary>The user or reconciler that decided it.</summary>
    public string Author => Origin.Author;

    /// <summary>Must not wait for a periodic flush, on any link.</summary>
    public bool IsUrgent { get; }

    public IReadOnlyList<Change> Changes { get; }

    /// <summary>The bytes of docs/formats/mutations.md, with parts that this version does not know.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    internal Origin Origin { get; }

    public override string ToString() => $"{Dot} by {Author}: {Changes.Count} change(s)";
}
