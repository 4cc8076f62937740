using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>The volume's snapshots on their way to one replica: each is made there while the replica is in its state, or not at all.</summary>
internal sealed class PassedSnapshots(SourceEnd source, ReplicaPeer peer)
{
    /// <summary>What the replica has; null when it does not know of snapshots that travel.</summary>
    private HashSet<string>? _there;

    /// <summary>The replica has not answered since one was sent.</summary>
    private bool _isUnanswered;

    /// <summary>The replica answered the greeting: what it has already.</summary>
    public void Begin(StateMessage first) => _there = peer.Can(TravellingSnapshots.Feature) ? [.. first.Snapshots ?? []] : null;

    /// <summary>What to make at a replica of that state on the way to the target, oldest first.</summary>
    public IReadOnlyList<SnapshotInfo> Missing(Lineage target, StateMessage replica) =>
        _there is null ? [] : TravellingSnapshots.Missing(
            source.Volume.Snapshots, target, replica.IsWhole ? replica.Lineage.ToLineage() : null, _there);

    /// <summary>
    /// The replica is in the snapshot's state. It is made durable here first: one that a loss of power took back here would be made
    /// anew, of another state.
    /// </summary>
    public async ValueTask MakeAsync(SnapshotInfo snapshot, CancellationToken cancellationToken)
    {
        if (_there is null || !TravellingSnapshots.Travels(snapshot.Id) || !_there.Add(snapshot.Id))
        {
            return;
        }

        // Here and not at both: at both waits for this very link.
        await source.Volume.FlushHereAsync(cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.SnapshotFlushed, source.Volume);
        _isUnanswered = true;
        await peer.SendAsync(
            FrameKind.MakeSnapshot, new MakeSnapshotMessage(snapshot.Id, LineageDocument.Of(snapshot.Lineage)),
            MoverJson.Default.MakeSnapshotMessage, cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.MakeSnapshotSent, source.Volume);
    }

    /// <summary>
    /// Returns when the replica has made what was sent: a link that ends before may take the last with it, and the replica would be
    /// without it until the next.
    /// </summary>
    public async ValueTask UntilMadeAsync(CancellationToken cancellationToken)
    {
        if (_isUnanswered)
        {
            await peer.AskAsync(cancellationToken);
            _isUnanswered = false;
        }
    }

    /// <summary>The replica has the writes up to that one: also what was kept right after it and is still on its way.</summary>
    public async ValueTask MakeAtAsync(RunStart run, long number, CancellationToken cancellationToken)
    {
        foreach (var snapshot in source.Volume.Snapshots
            .Where(s => s.Lineage.LastNumber == number && s.Lineage.Runs is [.., var last] && last == run))
        {
            await MakeAsync(snapshot, cancellationToken);
        }
    }
}
