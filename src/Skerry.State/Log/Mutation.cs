using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.State.Log;

/// <summary>An atomic batch of writes made at one site. Immutable; carries the bytes it came in, which are what is logged and passed on.</summary>
public sealed class Mutation
{
    private readonly IReadOnlyList<Change>? _changes;

    internal Mutation(Origin origin, bool urgent, IReadOnlyList<Change> changes, ReadOnlyMemory<byte> encoded, bool isInRun = false, int sealAt = 0)
    {
        IsInRun = isInRun;
        SealAt = sealAt;
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
        IsInRun = whole.IsInRun;
        SealAt = whole.SealAt;
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

    /// <summary>It is the last of a run, and carries the signature of its maker over it.</summary>
    public bool IsSealed => SealAt > 0;

    /// <summary>A log, a batch or a vector may end after it; else it belongs to a run whose seal is still to come.</summary>
    public bool EndsRun => IsSealed || !IsInRun;

    /// <summary>Its maker seals what it makes.</summary>
    internal bool IsInRun { get; }

    /// <summary>Where in the bytes the seal begins; 0 for none.</summary>
    internal int SealAt { get; }

    internal ReadOnlyMemory<byte> Seal => Encoded.Slice(Encoded.Length - MutationCodec.SealBytes - MutationCodec.ChecksumBytes, MutationCodec.SealBytes);

    /// <summary>The closed incarnations that it retires, which is then all that it does; else null.</summary>
    internal VersionVector? Ends { get; }

    /// <summary>The same without its decoded changes: what the log keeps for peers is the bytes alone.</summary>
    internal Mutation Packed() => _changes is null ? this : new Mutation(this);

    public override string ToString() => $"{Dot} by {Author}: {Changes.Count} change(s)";
}
