using System.Security.Cryptography;
using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.State.Log;

/// <summary>The parts of a snapshot, in this order.</summary>
internal enum SnapshotPart : byte
{
    Head = 1,
    Entities = 2,
    History = 3,
    End = 4,
}

/// <summary>Writes snapshots; docs/formats/mutations.md has the layout. Equal states have equal bytes.</summary>
internal static class SnapshotCodec
{
    public const byte Version = 1;

    public static IEnumerable<ReadOnlyMemory<byte>> Encode(ReplicaState state, int chunkBytes)
    {
        var index = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var writers = Writers(state);

        var vector = state.Vector.Encode();
        hash.AppendData(vector);
        var head = Begin(SnapshotPart.Head, index++);
        head.WriteByte(Version);
        head.WriteBytes(vector);
        yield return Close(head);

        var entityCount = 0L;
        foreach (var chunk in Chunks(SnapshotPart.Entities, state.Entities(), (writer, entity) =>
        {
            var start = writer.Length;
            WriteEntity(writer, entity, writers);
            hash.AppendData(writer.Written[start..]);
            entityCount++;
        }))
        {
            yield return chunk;
        }

        foreach (var chunk in Chunks(SnapshotPart.History, state.History, (writer, settled) => WriteSettled(writer, settled, writers))) yield return chunk;

        var end = Begin(SnapshotPart.End, index);
        end.WriteVarint((ulong)entityCount);
        end.WriteVarint((ulong)state.History.Count);
        end.WriteRaw(hash.GetHashAndReset());
        yield return Close(end);

        IEnumerable<ReadOnlyMemory<byte>> Chunks<T>(SnapshotPart part, IEnumerable<T> items, Action<ByteWriter, T> write)
        {
            ByteWriter? open = null;
            foreach (var item in items)
            {
                open ??= Begin(part, index++);
                write(open, item);
                if (open.Length < chunkBytes) continue;
                yield return Close(open);
                open = null;
            }

            if (open is not null) yield return Close(open);
        }
    }

    public static void AddTo(IncrementalHash hash, ReplicaState state)
    {
        var writers = Writers(state);
        var writer = new ByteWriter();
        hash.AppendData(state.Vector.Encode());
        foreach (var entity in state.Entities())
        {
            WriteEntity(writer, entity, writers);
            hash.AppendData(writer.Written);
            writer.Clear();
        }
    }

    private static WriterTable Writers(ReplicaState state) => new(state.Vector.Select(dot => dot.Writer));

    private static ByteWriter Begin(SnapshotPart part, int index)
    {
        var writer = new ByteWriter();
        writer.WriteByte((byte)part);
        writer.WriteVarint((ulong)index);
        return writer;
    }

    private static byte[] Close(ByteWriter writer)
    {
        writer.WriteChecksum();
        return writer.ToArray();
    }

    private static void WriteEntity(ByteWriter writer, Entity entity, WriterTable writers)
    {
        writer.WriteString(entity.Key.Kind);
        writer.WriteString(entity.Key.Id);

        // A mutation usually wrote several of the fields; each is told once.
        var origins = new SortedDictionary<Dot, (int Index, Origin Origin)>();
        foreach (var register in entity.Registers)
        {
            foreach (var value in register.Standing) origins[value.Dot] = (0, value.Origin);
        }

        writer.WriteVarint((ulong)origins.Count);
        var index = 0;
        foreach (var dot in origins.Keys.ToArray())
        {
            var origin = origins[dot].Origin;
            origins[dot] = (index++, origin);
            WriteOrigin(writer, origin, writers);
        }

        writer.WriteVarint((ulong)entity.Registers.Length);
        foreach (var register in entity.Registers)
        {
            writer.WriteString(register.Field);
            writer.WriteVarint((ulong)register.Count);
            foreach (var value in register.Standing)
            {
                writer.WriteVarint((ulong)origins[value.Dot].Index);
                writer.WriteByte((byte)value.Marks);
                writer.WriteVarint((ulong)value.Rank);
                writer.WriteBytes(value.Value.Bytes);
            }
        }
    }

    private static void WriteSettled(ByteWriter writer, SettledConflict settled, WriterTable writers)
    {
        writer.WriteString(settled.Key.Kind);
        writer.WriteString(settled.Key.Id);
        writer.WriteString(settled.Field);
        writer.WriteVarint((ulong)settled.Replaced.Count);
        foreach (var value in settled.Replaced.Prepend(settled.By))
        {
            WriteOrigin(writer, value.Origin, writers);
            writer.WriteVarint((ulong)value.Rank);
            writer.WriteBytes(value.Value.Bytes);
        }
    }

    private static void WriteOrigin(ByteWriter writer, Origin origin, WriterTable writers)
    {
        writers.WriteDot(writer, origin.Dot);
        writer.WriteUInt64(origin.Stamp.Value);
        writer.WriteString(origin.Author);
    }
}
