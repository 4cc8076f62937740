using System.Collections.Immutable;
using System.Text;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>The state that a checkpoint holds, and the place in the log that it stands for.</summary>
/// <param name="Sequence">The last record whose effect is included.</param>
/// <param name="Opening">The opening of the store that wrote that record.</param>
/// <param name="Segment">Where the next record was to be written; 0 before the first.</param>
/// <param name="Block">The block in that segment.</param>
/// <param name="NextSegment">No segment number below it is used anew.</param>
/// <param name="NextOrdinal">No volume number below it is used anew.</param>
/// <param name="Sections">What other concerns keep with it.</param>
internal sealed record Checkpoint(
    long Sequence, ulong Opening, long Segment, int Block, long NextSegment, uint NextOrdinal, IReadOnlyList<VolumeImage> Volumes,
    IReadOnlyList<CheckpointSection> Sections)
{
    public const string FileName = "checkpoint";
    private const string NewName = FileName + ".new";
    private const int Version = 2, VersionWithWholeMaps = 1;

    /// <summary>True when it was read from an older format, and is to be replaced although nothing may have been logged since.</summary>
    public bool IsOutdated { get; private init; }

    /// <summary>Blocks that this opening had written when it was taken.</summary>
    public long WrittenBlocks { get; private init; }

    /// <summary>The map files that it was read with.</summary>
    public MapFilesMark MapFiles { get; private init; } = MapFilesMark.None;

    /// <summary>The maps of heads and snapshots.</summary>
    public IEnumerable<FrozenMap> Maps => Volumes.SelectMany(volume => volume.Snapshots.Select(snapshot => FrozenMap.Of(snapshot.Map)).Prepend(volume.Map));

    /// <summary>Takes the state as it is. The log writer's, since it alone may freeze maps. To be released.</summary>
    public static Checkpoint Capture(StoreState state, LogPosition position, long nextSegment, IReadOnlyList<CheckpointSection> sections) => new(
        position.Sequence, position.LastOpening, position.Active?.Id ?? 0, position.NextBlock, nextSegment, state.NextOrdinal,
        [.. state.ByOrdinal.Values.OrderBy(volume => volume.Ordinal).Select(VolumeImage.Of)], sections)
    {
        WrittenBlocks = position.WrittenBlocks,
    };

    /// <summary>Lets the writer change in place what was frozen. The maps must not be looked at after that.</summary>
    public void Release()
    {
        foreach (var volume in Volumes)
        {
            volume.Map.Release();
        }
    }

    /// <summary>Replaces the stored checkpoint in one step, durably.</summary>
    public void Save(IBackingStorage storage, ulong storeId, MapFiles mapFiles)
    {
        mapFiles.Save(Maps);
        using (var file = storage.Create(NewName, 0))
        using (var stream = new CheckpointStream(file, NewName, writing: true))
        {
            using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
            {
                Write(writer, storeId, mapFiles.Mark);
            }

            stream.Finish();
        }

        storage.Rename(NewName, FileName);
        storage.SyncNames();
        mapFiles.DropUnused();
    }

    /// <param name="storage">The store's.</param>
    /// <param name="storeId">The store's.</param>
    /// <param name="crc">Takes checksums of blocks that an older format kept in the maps.</param>
    public static Checkpoint Load(IBackingStorage storage, ulong storeId, Action<Place, uint> crc)
    {
        var name = $"{storage.Name}/{FileName}";
        if (!storage.List().Contains(FileName))
        {
            throw new BlockException(BlockError.Corrupt, $"{name} is missing. Restore that file from a copy, or the volumes from their replicas");
        }

        using var file = storage.Open(FileName);
        using var reader = new BinaryReader(new CheckpointStream(file, name, writing: false), Encoding.UTF8);
        var version = reader.ReadInt32();
        if (version is not (Version or VersionWithWholeMaps))
        {
            throw new BlockException(BlockError.Refused, $"{name} has format version {version}; this program reads versions 1 to {Version}. Use a newer one");
        }

        if (reader.ReadUInt64() != storeId)
        {
            throw new BlockException(BlockError.Corrupt, $"{name} belongs to another store. Put the file back that was here");
        }

        var (sequence, opening, segment, block) = (reader.ReadInt64(), reader.ReadUInt64(), reader.ReadInt64(), reader.ReadInt32());
        var (nextSegment, nextOrdinal) = (reader.ReadInt64(), reader.ReadUInt32());
        if (version == VersionWithWholeMaps)
        {
            var maps = new NodeReaderV1(reader, crc);
            return new Checkpoint(sequence, opening, segment, block, nextSegment, nextOrdinal, ReadVolumes(reader, (_, _) => maps.ReadMap()), [])
            {
                IsOutdated = true,
            };
        }

        var mark = new MapFilesMark(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());
        var sections = new CheckpointSection[reader.ReadInt32()];
        for (var i = 0; i < sections.Length; i++)
        {
            var (sectionName, bytes) = (reader.ReadString(), ChangeCodec.ReadBytes(reader));
            sections[i] = new CheckpointSection(sectionName, () => bytes);
        }

        using var nodes = new NodeLoader(storage, storeId, mark);
        var volumes = ReadVolumes(reader, (sizeBytes, highNumber) =>
        {
            var dataBlocks = reader.ReadInt64();
            return nodes.Load(reader.ReadUInt64(), dataBlocks, Sizes.BlocksFor(sizeBytes), highNumber);
        });
        return new Checkpoint(sequence, opening, segment, block, nextSegment, nextOrdinal, volumes, sections) { MapFiles = mark };
    }

    private static VolumeImage[] ReadVolumes(BinaryReader reader, MapReader readMap)
    {
        var volumes = new VolumeImage[reader.ReadInt32()];
        for (var i = 0; i < volumes.Length; i++)
        {
            volumes[i] = VolumeImage.Read(reader, readMap);
        }

        return volumes;
    }

    private void Write(BinaryWriter writer, ulong storeId, MapFilesMark mapFiles)
    {
        writer.Write(Version);
        writer.Write(storeId);
        writer.Write(Sequence);
        writer.Write(Opening);
        writer.Write(Segment);
        writer.Write(Block);
        writer.Write(NextSegment);
        writer.Write(NextOrdinal);
        writer.Write(mapFiles.First);
        writer.Write(mapFiles.Current);
        writer.Write(mapFiles.EndBytes);
        writer.Write(mapFiles.RewrittenBytes);
        writer.Write(mapFiles.AppendedBytes);
        writer.Write(Sections.Count);
        foreach (var section in Sections)
        {
            writer.Write(section.Name);
            ChangeCodec.WriteBytes(writer, section.Bytes());
        }

        writer.Write(Volumes.Count);
        foreach (var volume in Volumes)
        {
            volume.Write(writer);
        }
    }
}

/// <summary>Reads the next map of a checkpoint.</summary>
/// <param name="sizeBytes">Of the disk that it is of.</param>
/// <param name="highNumber">No write number in it is above.</param>
internal delegate FrozenMap MapReader(long sizeBytes, long highNumber);

/// <summary>One volume as a checkpoint holds it.</summary>
internal sealed record VolumeImage(
    uint Ordinal, string Id, long SizeBytes, bool CatchingUp, long HighNumber, Lineage Lineage, ImmutableArray<Fork> Forks,
    ImmutableDictionary<string, byte[]> Properties, FrozenMap Map, ImmutableArray<Snapshot> Snapshots)
{
    public static VolumeImage Of(VolumeState volume) => new(
        volume.Ordinal, volume.Id, volume.SizeBytes, volume.CatchingUp, volume.HighNumber, volume.Lineage, volume.Forks, volume.Properties,
        volume.Map.Freeze(), volume.Snapshots);

    public VolumeState ToState()
    {
        var volume = new VolumeState(Ordinal, Id, SizeBytes) { Properties = Properties };
        volume.Restore(new BlockMap(Map.Root, Map.DataBlocks), Lineage, Forks, HighNumber, CatchingUp);
        volume.RestoreSnapshots(Snapshots);
        return volume;
    }

    public static VolumeImage Read(BinaryReader reader, MapReader readMap)
    {
        var (ordinal, id, size, catchingUp, high) =
            (reader.ReadUInt32(), reader.ReadString(), reader.ReadInt64(), reader.ReadBoolean(), reader.ReadInt64());
        var lineage = ChangeCodec.ReadLineage(reader);
        var forks = ReadForks(reader);
        var properties = ImmutableDictionary.CreateBuilder<string, byte[]>();
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            properties.Add(reader.ReadString(), ChangeCodec.ReadBytes(reader));
        }

        var map = readMap(size, high);
        var snapshots = new Snapshot[reader.ReadInt32()];
        for (var i = 0; i < snapshots.Length; i++)
        {
            var (snapshotId, at, snapshotSize) = (reader.ReadString(), new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero), reader.ReadInt64());
            var info = new SnapshotInfo(snapshotId, ChangeCodec.ReadLineage(reader), at, snapshotSize);
            var snapshotForks = ReadForks(reader);
            var snapshotMap = readMap(snapshotSize, high);
            snapshots[i] = new Snapshot(info, new BlockMap(snapshotMap.Root, snapshotMap.DataBlocks), snapshotForks);
        }

        return new VolumeImage(ordinal, id, size, catchingUp, high, lineage, forks, properties.ToImmutable(), map, [.. snapshots]);
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write(Ordinal);
        writer.Write(Id);
        writer.Write(SizeBytes);
        writer.Write(CatchingUp);
        writer.Write(HighNumber);
        ChangeCodec.Write(writer, Lineage);
        WriteForks(writer, Forks);
        writer.Write(Properties.Count);
        foreach (var (name, value) in Properties.OrderBy(property => property.Key, StringComparer.Ordinal))
        {
            writer.Write(name);
            ChangeCodec.WriteBytes(writer, value);
        }

        WriteMap(writer, Map);
        writer.Write(Snapshots.Length);
        foreach (var snapshot in Snapshots)
        {
            writer.Write(snapshot.Info.Id);
            writer.Write(snapshot.Info.CreatedAt.UtcTicks);
            writer.Write(snapshot.Info.SizeBytes);
            ChangeCodec.Write(writer, snapshot.Info.Lineage);
            WriteForks(writer, snapshot.Forks);
            WriteMap(writer, FrozenMap.Of(snapshot.Map));
        }
    }

    private static void WriteMap(BinaryWriter writer, FrozenMap map)
    {
        writer.Write(map.DataBlocks);
        writer.Write(map.Root.Address);
    }

    private static ImmutableArray<Fork> ReadForks(BinaryReader reader)
    {
        var forks = new Fork[reader.ReadInt32()];
        for (var i = 0; i < forks.Length; i++)
        {
            forks[i] = new Fork(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());
        }

        return [.. forks];
    }

    private static void WriteForks(BinaryWriter writer, ImmutableArray<Fork> forks)
    {
        writer.Write(forks.Length);
        foreach (var fork in forks)
        {
            writer.Write(fork.At);
            writer.Write(fork.High);
            writer.Write(fork.Reached);
        }
    }
}
