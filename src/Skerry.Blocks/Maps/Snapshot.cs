using System.Collections.Immutable;

namespace Skerry.Blocks.Maps;

/// <summary>A frozen state of a volume.</summary>
internal sealed class Snapshot(SnapshotInfo info, BlockMap map, ImmutableArray<Fork> forks)
{
    private volatile bool _deleted;

    public SnapshotInfo Info { get; } = info;

    public BlockMap Map { get; } = map;

    public ImmutableArray<Fork> Forks { get; } = forks;

    /// <summary>True once it, or its volume, is gone: what a reader got then may be of a place used anew.</summary>
    public bool Deleted
    {
        get => _deleted;
        set => _deleted = value;
    }
}
