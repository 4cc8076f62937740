using System.Text;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>The bytes of changes and of their parts, as docs/formats/volume.md has them. Kinds are never given a new meaning.</summary>
internal static class ChangeCodec
{
    public static byte[] Encode(Change change)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(change.Volume);
        switch (change)
        {
            case CreateVolume create:
                writer.Write((byte)1);
                writer.Write(create.Id);
                writer.Write(create.SizeBytes);
                break;
            case CreateEncryptedVolume encrypted:
                writer.Write((byte)12);
                writer.Write(encrypted.Id);
                writer.Write(encrypted.SizeBytes);
                WriteBytes(writer, encrypted.WrappedKey);
                break;
            case CloneVolume clone:
                writer.Write((byte)2);
                writer.Write(clone.Id);
                writer.Write(clone.Source);
                writer.Write(clone.SnapshotId is not null);
                writer.Write(clone.SnapshotId ?? string.Empty);
                break;
            case DeleteVolume:
                writer.Write((byte)3);
                break;
            case BeginRun begin:
                writer.Write((byte)4);
                Write(writer, begin.Run);
                break;
            case Extend extend:
                writer.Write((byte)5);
                writer.Write(extend.SizeBytes);
                break;
            case SetProperty set:
                writer.Write((byte)6);
                writer.Write(set.Name);
                writer.Write(set.Value is not null);
                WriteBytes(writer, set.Value ?? []);
                break;
            case CreateSnapshot snapshot:
                writer.Write((byte)7);
                writer.Write(snapshot.Id);
                writer.Write(snapshot.CreatedAt.UtcTicks);
                break;
            case DeleteSnapshot delete:
                writer.Write((byte)8);
                writer.Write(delete.Id);
                break;
            case Revert revert:
                writer.Write((byte)9);
                writer.Write(revert.SnapshotId);
                break;
            case AdoptLineage adopt:
                writer.Write((byte)10);
                Write(writer, adopt.Lineage);
                break;
            case Moved moved:
                writer.Write((byte)11);
                WriteBytes(writer, PlaceTable.Encode(moved.Segments));
                break;
            default:
                throw new InvalidOperationException($"{change.GetType().Name} has no bytes");
        }

        writer.Flush();
        return stream.ToArray();
    }

    public static Change Decode(ReadOnlySpan<byte> bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes.ToArray()), Encoding.UTF8);
        var volume = reader.ReadUInt32();
        var kind = reader.ReadByte();
        return kind switch
        {
            1 => new CreateVolume(volume, reader.ReadString(), reader.ReadInt64()),
            2 => ReadClone(volume, reader),
            3 => new DeleteVolume(volume),
            4 => new BeginRun(volume, ReadRun(reader)),
            5 => new Extend(volume, reader.ReadInt64()),
            6 => ReadSetProperty(volume, reader),
            7 => new CreateSnapshot(volume, reader.ReadString(), new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero)),
            8 => new DeleteSnapshot(volume, reader.ReadString()),
            9 => new Revert(volume, reader.ReadString()),
            10 => new AdoptLineage(volume, ReadLineage(reader)),
            11 => new Moved(PlaceTable.Decode(ReadBytes(reader))),
            12 => new CreateEncryptedVolume(volume, reader.ReadString(), reader.ReadInt64(), ReadBytes(reader)),
            _ => throw new BlockException(
                BlockError.Corrupt, $"the log holds a change of kind {kind}, which this version does not know; use a newer one"),
        };
    }

    public static void Write(BinaryWriter writer, Lineage lineage)
    {
        writer.Write(lineage.LastNumber);
        writer.Write(lineage.Runs.Count);
        foreach (var run in lineage.Runs)
        {
            Write(writer, run);
        }
    }

    public static Lineage ReadLineage(BinaryReader reader)
    {
        var last = reader.ReadInt64();
        var runs = new RunStart[reader.ReadInt32()];
        for (var i = 0; i < runs.Length; i++)
        {
            runs[i] = ReadRun(reader);
        }

        return new Lineage(runs, last);
    }

    public static void WriteBytes(BinaryWriter writer, byte[] bytes)
    {
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    public static byte[] ReadBytes(BinaryReader reader) => reader.ReadBytes(reader.ReadInt32());

    private static void Write(BinaryWriter writer, RunStart run)
    {
        writer.Write(run.Generation);
        writer.Write(run.RunId);
        writer.Write(run.FirstNumber);
    }

    private static RunStart ReadRun(BinaryReader reader) => new(reader.ReadInt64(), reader.ReadUInt64(), reader.ReadInt64());

    private static CloneVolume ReadClone(uint volume, BinaryReader reader)
    {
        var (id, source, hasSnapshot, snapshotId) = (reader.ReadString(), reader.ReadUInt32(), reader.ReadBoolean(), reader.ReadString());
        return new CloneVolume(volume, id, source, hasSnapshot ? snapshotId : null);
    }

    private static SetProperty ReadSetProperty(uint volume, BinaryReader reader)
    {
        var (name, hasValue, value) = (reader.ReadString(), reader.ReadBoolean(), ReadBytes(reader));
        return new SetProperty(volume, name, hasValue ? value : null);
    }
}
