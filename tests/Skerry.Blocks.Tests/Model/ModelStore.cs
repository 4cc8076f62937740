using System.Collections.Immutable;

namespace Skerry.Blocks.Tests.Model;

internal sealed record ModelSnapshot(string Id, Lineage Lineage, ModelDisk Disk, long Size);

internal sealed record ModelVolume(string Id, long Size, ModelDisk Disk, Lineage Lineage, bool CatchingUp)
{
    public ImmutableList<ModelSnapshot> Snapshots { get; init; } = [];

    public ImmutableSortedDictionary<string, byte[]> Properties { get; init; } = ImmutableSortedDictionary<string, byte[]>.Empty;

    public ModelVolume Wrote(ModelDisk disk) => this with { Disk = disk, Lineage = new Lineage(Lineage.Runs, Lineage.LastNumber + 1) };
}

/// <summary>A state of a whole store. Immutable, so that all states that a crash may leave can be kept.</summary>
internal sealed record ModelStore(ImmutableSortedDictionary<string, ModelVolume> Volumes)
{
    public static ModelStore Empty { get; } = new(ImmutableSortedDictionary<string, ModelVolume>.Empty);

    public ModelVolume this[string id] => Volumes[id];

    public ModelStore With(ModelVolume volume) => new(Volumes.SetItem(volume.Id, volume));
}
