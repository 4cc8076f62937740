using System.Collections.Immutable;

namespace Skerry.Blocks.Maps;

/// <summary>All volumes of a store, and how each change alters them.</summary>
internal sealed class StoreState
{
    public ImmutableDictionary<string, VolumeState> ById { get; private set; } = ImmutableDictionary<string, VolumeState>.Empty;

    public ImmutableDictionary<uint, VolumeState> ByOrdinal { get; private set; } = ImmutableDictionary<uint, VolumeState>.Empty;

    /// <summary>The number for the next volume.</summary>
    public uint NextOrdinal { get; set; } = 1;

    public VolumeState Get(string volumeId) => ById.TryGetValue(volumeId, out var volume)
        ? volume
        : throw new BlockException(BlockError.NotFound, $"there is no volume '{volumeId}' in this store");

    public void Add(VolumeState volume)
    {
        ByOrdinal = ByOrdinal.Add(volume.Ordinal, volume);
        ById = ById.Add(volume.Id, volume);
        NextOrdinal = Math.Max(NextOrdinal, volume.Ordinal + 1);
    }

    /// <summary>Carries out a change that was found allowed before it was logged.</summary>
    public void Apply(Change change)
    {
        if (change is CreateVolume create)
        {
            Add(new VolumeState(create.Volume, create.Id, create.SizeBytes));
            return;
        }

        if (change is CreateEncryptedVolume encrypted)
        {
            Add(new VolumeState(encrypted.Volume, encrypted.Id, encrypted.SizeBytes)
            {
                Properties = ImmutableDictionary<string, byte[]>.Empty.Add(VolumeState.KeyProperty, encrypted.WrappedKey),
                Locked = true,
            });
            return;
        }

        if (change is CloneVolume clone)
        {
            var source = ByOrdinal[clone.Source];
            var snapshot = clone.SnapshotId is null ? null : Snapshot(source, clone.SnapshotId);
            var copy = new VolumeState(clone.Volume, clone.Id, snapshot?.Info.SizeBytes ?? source.SizeBytes);
            copy.CloneFrom(source, snapshot);
            Add(copy);
            return;
        }

        var volume = ByOrdinal[change.Volume];
        switch (change)
        {
            case DeleteVolume:
                volume.Delete();
                ByOrdinal = ByOrdinal.Remove(volume.Ordinal);
                ById = ById.Remove(volume.Id);
                break;
            case BeginRun begin:
                volume.Begin(begin.Run);
                break;
            case Extend extend:
                volume.SizeBytes = extend.SizeBytes;
                break;
            case SetProperty set:
                volume.Properties = set.Value is null ? volume.Properties.Remove(set.Name) : volume.Properties.SetItem(set.Name, set.Value);
                break;
            case CreateSnapshot create2:
                volume.AddSnapshot(create2.Id, create2.CreatedAt);
                break;
            case DeleteSnapshot delete:
                volume.RemoveSnapshot(Snapshot(volume, delete.Id));
                break;
            case Revert revert:
                volume.Revert(Snapshot(volume, revert.SnapshotId));
                break;
            case AdoptLineage adopt:
                volume.Adopt(adopt.Lineage);
                break;
            default:
                throw new BlockException(BlockError.Corrupt, $"the log holds a change of an unknown kind, {change.GetType().Name}");
        }
    }

    private static Snapshot Snapshot(VolumeState volume, string snapshotId) => volume.FindSnapshot(snapshotId)
        ?? throw new BlockException(BlockError.Corrupt, $"the log names snapshot '{snapshotId}' of volume '{volume.Id}', which does not exist");
}
