using System.Security.Cryptography;
using Skerry.State.Merging;

namespace Skerry.State.Log;

/// <summary>The parts of a snapshot.</summary>
internal enum SnapshotPart : byte
{
    Head = 1,
    Entities = 2,
    History = 3,
    End = 4,
    Retired = 5,
}

/// <summary>Writes snapshots; docs/formats/mutations.md has the layout. Equal states have equal bytes.</summary>
internal static class SnapshotCodec
{
    /// <summary>The version that this program writes, and the highest that it reads.</summary>
    public const byte Version = 2;

    /// <summary>The parts in the order in which they come.</summary>
    public static readonly SnapshotPart[] Order = [SnapshotPart.Head, SnapshotPart.Retired, SnapshotPart.Entities, SnapshotPart.History, SnapshotPart.End];

    public static IEnumerable<ReadOnlyMemory<byte>> Encode(ReplicaState state, int chunkBytes)
    {
        var index = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        var vector = state.Vector.Encode();
        hash.AppendData(vector);
        var head = Begin(SnapshotPart.Head, index++);
        head.WriteByte(Version);
        head.WriteBytes(vector);
        yield return Close(head);

        if (state.Retired.Count > 0)
        {
            var retired = Begin(SnapshotPart.Retired, index++);
            var encoded = state.Retired.Encode();
            hash.AppendData(encoded);
            retired.WriteRaw(encoded);
            yield return Close(retired);
        }

        var entityCount = 0L;
        foreach (var chunk in Chunks(SnapshotPart.Entities, state.Entities(), (writer, entity) =>
        {
            var start = writer.Length;
            WriteEntity(writer, entity);
            hash.AppendData(writer.Written[start..]);
            entityCount++;
        }))
        {
            yield return chunk;
        }

        foreach (var chunk in Chunks(SnapshotPart.History, state.History, WriteSettled)) yield return chunk;

        var end = Begin(SnapshotPart.End, index);
        end.WriteVarint((ulong)entityCount);
        end.WriteVarint((ulong)state.History.Count);
        end.WriteRaw(hash.GetHashAndReset());
        yield return Close(end);

        IEnumerable<ReadOnlyMemory<byte>> Chunks<T>(SnapshotPart part, IEnumerable<T> items, Action<ByteWriter, T> write)
        {
            var open = new ByteWriter();
            foreach (var item in items)
            {
                if (open.Length == 0) Begin(open, part, index++);
                write(open, item);
                if (open.Length < chunkBytes) continue;
                yield return Close(open);
                open.Clear();
            }

            if (open.Length > 0) yield return Close(open);
        }
    }

    private static ByteWriter Begin(SnapshotPart part, int index)
    {
        var writer = new ByteWriter();
        Begin(writer, part, index);
        return writer;
    }

    private static void Begin(ByteWriter writer, SnapshotPart part, int index)
    {
        writer.WriteByte((byte)part);
        writer.WriteVarint((ulong)index);
    }

    private static byte[] Close(ByteWriter writer)
    {
        writer.WriteChecksum();
        return writer.ToArray();
    }

    public static void WriteEntity(ByteWriter writer, Entity entity)
    {
        writer.WriteString(entity.Key.Kind);
        writer.WriteString(entity.Key.Id);
        writer.WriteBytes(entity.Body);
    }

    private static void WriteSettled(ByteWriter writer, SettledConflict settled)
    {
        writer.WriteString(settled.Key.Kind);
        writer.WriteString(settled.Key.Id);
        writer.WriteString(settled.Field);
        writer.WriteVarint((ulong)settled.Replaced.Count);
        foreach (var value in settled.Replaced.Prepend(settled.By))
        {
            EntityBody.WriteOrigin(writer, value.Origin);
            writer.WriteVarint((ulong)value.Rank);
            writer.WriteBytes(value.Value.Bytes);
        }
    }
}
