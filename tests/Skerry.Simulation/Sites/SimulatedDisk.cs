using System.Collections.Immutable;
using Skerry.State.Storage;

namespace Skerry.Simulation.Sites;

/// <summary>What a disk holds. A copy of it costs nothing.</summary>
internal sealed record DiskContent(ImmutableList<StoreEntry> Entries, ImmutableArray<byte[]> Checkpoint, StoreTail Tail)
{
    public static DiskContent Empty { get; } = new([], [], default);

    public DiskContent? Append(ulong expectedLastId, ulong id, ReadOnlyMemory<byte> payload)
    {
        if (Tail.LastId != expectedLastId)
        {
            return null;
        }

        var position = Tail.Position + 1;
        return this with
        {
            Entries = Entries.Add(new StoreEntry(position, id, payload.ToArray())),
            Tail = Tail with { Position = position, LastId = id },
        };
    }

    public DiskContent? Replace(ulong expectedLastId, ulong id, ImmutableArray<byte[]> checkpoint, long keepFrom)
    {
        if (Tail.LastId != expectedLastId)
        {
            return null;
        }

        return this with
        {
            Checkpoint = checkpoint,
            Entries = Entries.RemoveAll(entry => entry.Position < keepFrom),
            Tail = Tail with { LastId = id, CheckpointPosition = Tail.Position, CheckpointId = id },
        };
    }
}

/// <summary>A site's disk: outlives the site's processes.</summary>
internal sealed class SimulatedDisk(DiskContent content)
{
    public DiskContent Content { get; set; } = content;

    public bool IsFull { get; set; }
}
