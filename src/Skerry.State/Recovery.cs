using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.State.Storage;

namespace Skerry.State;

/// <summary>What a store holds, put together.</summary>
internal sealed record Recovered(ReplicaState State, Hlc LastOwnStamp, Hlc HighestStamp, VersionVector LogBase, IReadOnlyList<Logged> Log, StoreTail Tail)
{
    /// <summary>Reads checkpoint and log.</summary>
    /// <exception cref="StateStoreException">The store is damaged, or another site's.</exception>
    public static async ValueTask<Recovered> LoadAsync(IStateStore store, SiteId site, StateSchema schema, CancellationToken cancellationToken)
    {
        while (true)
        {
            var tail = await store.ReadTailAsync(cancellationToken);
            StateFormatException? damage = null;
            Recovered? recovered = null;
            try
            {
                recovered = await LoadAsync(store, tail, site, schema, cancellationToken);
            }
            catch (StateFormatException damaged)
            {
                damage = damaged;
            }

            // Another daemon may have replaced the checkpoint, and dropped entries, between two reads.
            if ((await store.ReadTailAsync(cancellationToken)).CheckpointId != tail.CheckpointId) continue;
            return recovered ?? throw Damaged(store, damage!);
        }
    }

    public static StateStoreException Damaged(IStateStore store, StateFormatException damage) => new(
        StateStoreError.Corrupt,
        $"{store.Name} is damaged: {damage.Message} Put back a copy of it, or move it away and join the cloud again as a new site.", damage);

    private static async ValueTask<Recovered> LoadAsync(
        IStateStore store, StoreTail tail, SiteId site, StateSchema schema, CancellationToken cancellationToken)
    {
        var (head, state) = await LoadCheckpointAsync(store, site, schema, cancellationToken);
        if (head.Site != site)
        {
            throw new StateStoreException(
                StateStoreError.Foreign,
                $"{store.Name} holds the state of site {head.Site}, and this is site {site}; point the configuration at this site's own store.");
        }

        var lastOwn = head.LastOwnStamp;
        var highest = lastOwn;
        var log = new List<Logged>();
        var unapplied = new List<Mutation>();
        long? expected = null;
        await foreach (var entry in store.ReadAsync(0, cancellationToken))
        {
            // What another daemon appended meanwhile is read with its tail.
            if (entry.Position > tail.Position) break;
            if (expected is { } due && entry.Position != due) throw new StateFormatException($"Entry {due} of the log is missing.");
            expected = entry.Position + 1;
            var (mutations, appended) = EntryCodec.Decode(entry.Payload);
            foreach (var mutation in mutations)
            {
                log.Add(new Logged(mutation.Packed(), entry.Position, appended));
                highest = Hlc.Max(highest, mutation.Stamp);
                if (mutation.Dot.Site == site) lastOwn = Hlc.Max(lastOwn, mutation.Stamp);
                if (entry.Position > tail.CheckpointPosition) unapplied.Add(mutation);
            }
        }

        if (tail.Position > tail.CheckpointPosition && expected != tail.Position + 1)
        {
            throw new StateFormatException($"The log ends before entry {tail.Position}.");
        }

        return new Recovered(state.Apply(unapplied, schema), lastOwn, highest, head.LogBase, log, tail);
    }

    private static async ValueTask<(CheckpointHead Head, ReplicaState State)> LoadCheckpointAsync(
        IStateStore store, SiteId site, StateSchema schema, CancellationToken cancellationToken)
    {
        CheckpointHead? head = null;
        var decoder = new SnapshotDecoder(schema);
        await foreach (var part in store.ReadCheckpointAsync(cancellationToken))
        {
            if (head is null) head = EntryCodec.DecodeHead(part);
            else decoder.Add(part);
        }

        return head is null ? (new CheckpointHead(site, Hlc.Zero, VersionVector.Empty), ReplicaState.Empty) : (head, decoder.Complete());
    }
}
