using Skerry.Simulation.Sites;
using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.Sync;
using Skerry.Sync.Protocol;

namespace Skerry.Simulation.Checking;

/// <summary>
/// What must hold of one connection: no mutation is sent twice over it or back, what is acknowledged is on disk, and what an end holds
/// for the other is bounded.
/// </summary>
internal sealed class ConnectionWatch(SimulatedSite[] ends, SyncOptions options, History history)
{
    private const int MostMutationBytes = 4000;

    private readonly HashSet<Dot>[] _carried = [[], []];
    private readonly Queue<(long Number, IReadOnlyList<Mutation> Mutations)>[] _unacknowledged = [[], []];
    private readonly Queue<(long Number, IReadOnlyList<Mutation> Mutations)>[] _owed = [[], []];

    public void Sent(int end, Frame frame)
    {
        switch (frame)
        {
            case Batch batch:
                Sent(end, batch);
                break;
            case BatchAck ack:
                while (_owed[end].TryPeek(out var oldest) && oldest.Number <= ack.Number)
                {
                    RequireDurable(end, _owed[end].Dequeue().Mutations, "acknowledges");
                }

                break;
        }
    }

    public void Receiving(int end, Frame frame)
    {
        switch (frame)
        {
            case Batch batch:
                // What one end was given over a connection, it must not give back.
                _carried[end].UnionWith(batch.Mutations.Select(mutation => mutation.Dot));
                _owed[end].Enqueue((batch.Number, batch.Mutations));
                break;
            case BatchAck ack:
                while (_unacknowledged[end].TryPeek(out var oldest) && oldest.Number <= ack.Number)
                {
                    _unacknowledged[end].Dequeue();
                }

                break;
        }
    }

    private void Sent(int end, Batch batch)
    {
        foreach (var mutation in batch.Mutations)
        {
            history.Sighted(mutation.Dot, mutation.Stamp);
            if (!_carried[end].Add(mutation.Dot))
            {
                throw new SimulationException($"Site {ends[end].Id} sent {mutation.Dot} twice over one connection, or back.");
            }
        }

        RequireDurable(end, batch.Mutations, "passes on");
        if (BytesOf(batch.Mutations) > options.BatchBytes + MostMutationBytes)
        {
            throw new SimulationException("A batch is larger than a batch may be.");
        }

        _unacknowledged[end].Enqueue((batch.Number, batch.Mutations));
        if (_unacknowledged[end].Sum(sent => BytesOf(sent.Mutations)) > options.WindowBytes + options.BatchBytes + MostMutationBytes)
        {
            throw new SimulationException($"Site {ends[end].Id} holds more for its peer than the window allows.");
        }
    }

    /// <summary>What a site passes on or acknowledges is on its disk.</summary>
    private void RequireDurable(int end, IReadOnlyList<Mutation> mutations, string does)
    {
        foreach (var mutation in mutations)
        {
            if (ends[end].Replica?.Vector.Covers(mutation.Dot) != true)
            {
                throw new SimulationException(
                    $"Site {ends[end].Index} ({ends[end].Id}) {does} {mutation.Dot}, which it does not have durably{(ends[end].IsUp ? "" : ", and is down")}.");
            }
        }
    }

    private static int BytesOf(IReadOnlyList<Mutation> mutations) => mutations.Sum(mutation => mutation.Encoded.Length);
}
