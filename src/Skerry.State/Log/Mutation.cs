using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.State.Log;

/// <summary>An atomic batch of writes made at one site. Immutable; carries the bytes it came in, which are what is logged and passed on.</summary>
public sealed class Mutation
{
    private readonly IReadOnlyList<Change>? _changes;

    internal Mutation(Origin origin, bool urgent, IReadOnlyList<Change> changes, ReadOnlyMemory<byte> encoded)
    {
        Origin = origin;
        IsUrgent = urgent;
        _changes = changes;
        Encoded = encoded;
        Ends = changes is [{ Kind: ChangeKind.Retire } retire] ? retire.Ends : null;
    }

    private Mutation(Mutation whole)
    {
        Origin = whole.Origin;
        IsUrgent = whole.IsUrgent;
        Encoded = whole.Encoded;
        Ends = whole.Ends;
    }

    public Dot Dot => Origin.Dot;

    public Hlc Stamp => Origin.Stamp;

    /// <summary>The user or reconciler that decided it.</summary>
    public string Author => Origin.Author;

    /// <summary>Must not wait for a periodic flush, on any link.</summary>
    public bool IsUrgent { get; }

    /// <summary>What it writes. One that was read from the log decodes this anew each time it is asked.</summary>
    public IReadOnlyList<Change> Changes => _changes ?? MutationCodec.Decode(Encoded).Changes;

    /// <summary>The bytes of docs/formats/mutations.md, with parts that this version does not know.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    internal Origin Origin { get; }

    /// <summary>The closed incarnations that it retires, which is then all that it does; else null.</summary>
    internal VersionVector? Ends { get; }

    /// <summary>The same without its decoded changes: what the log keeps for peers is the bytes alone.</summary>
    internal Mutation Packed() => _changes is null ? this : new Mutation(this);

    public override string ToString() => $"{Dot} by {Author}: {Changes.Count} change(s)";
}
