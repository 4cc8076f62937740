using Skerry.State.Log;
using Skerry.State.Storage;

namespace Skerry.State;

/// <summary>What was appended to a store above a place that is known.</summary>
internal sealed record Continuation(IReadOnlyList<(ulong Id, IReadOnlyList<Logged> Logged)> Entries, StoreTail Tail)
{
    public IReadOnlyList<Mutation> Mutations => [.. Entries.SelectMany(entry => entry.Logged).Select(logged => logged.Mutation)];

    /// <summary>Reads on. Null when the store does not lead on from there, entry by entry: it has another checkpoint, or was put back.</summary>
    public static async ValueTask<Continuation?> ReadAsync(IStateStore store, StoreTail known, CancellationToken cancellationToken)
    {
        var tail = await store.ReadTailAsync(cancellationToken);
        if (tail == known) return new Continuation([], tail);
        if (tail.CheckpointId != known.CheckpointId || tail.Position < known.Position) return null;

        // What was written last is the checkpoint, which is still there, or the entry at the known position, which has to be.
        var last = known.LastId == known.CheckpointId ? (known.Position, Id: known.LastId) : (known.Position - 1, Id: 0);
        var entries = new List<(ulong, IReadOnlyList<Logged>)>();
        await foreach (var entry in store.ReadAsync(last.Position, cancellationToken))
        {
            if (entry.Position > tail.Position) break;
            if (entry.Position != last.Position + 1) return null;
            last = (entry.Position, entry.Id);
            if (entry.Position == known.Position)
            {
                if (entry.Id != known.LastId) return null;
                continue;
            }

            var (mutations, appended) = EntryCodec.Decode(entry.Payload);
            entries.Add((entry.Id, [.. mutations.Select(mutation => new Logged(mutation, entry.Position, appended))]));
        }

        return last == (tail.Position, tail.LastId) ? new Continuation(entries, tail) : null;
    }
}
