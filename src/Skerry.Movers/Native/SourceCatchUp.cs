using Skerry.Blocks;
using Skerry.Blocks.Encryption;
using Skerry.Domain;
using Skerry.Domain.Replication;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>Makes a replica equal to one snapshot of the source, over one link, whatever it was before.</summary>
internal sealed class SourceCatchUp(SourceEnd source, ReplicaPeer peer, LinkThrottle throttle, OutsideCipher? cipher)
{
    /// <summary>Where the replica is afterwards: in the snapshot's state, durably.</summary>
    /// <exception cref="PlanRefusedException">The two are not copies of one disk.</exception>
    public async ValueTask<StateMessage> ShipAsync(StateMessage state, SnapshotInfo snapshot, CancellationToken cancellationToken)
    {
        var (task, volume, facts) = (source.Task, source.Volume, source.Facts);
        var replica = state.Lineage.ToLineage();
        var plan = ReplicationPlan.For(snapshot.Lineage, replica, state.IsWhole, task.MayAdopt && peer.Can(Features.Adopt));
        switch (plan)
        {
            case ReplicationPlan.Refuse when task.MayAdopt:
                throw new PlanRefusedException("The replica's site speaks a version that cannot join copies without common history.");
            case ReplicationPlan.Refuse refuse:
                throw new PlanRefusedException(refuse.Reason);
            case ReplicationPlan.Stream:
                return state;
        }

        var ranges = BlockRanges.Of(volume.ChangedSince(state.IsWhole ? replica : Lineage.Empty, snapshot.Id));
        await peer.SendAsync(
            FrameKind.BeginCatchUp,
            new BeginCatchUpMessage(
                new CatchUpDocument(LineageDocument.Of(snapshot.Lineage), plan.Base, plan.IsCompared, 0), plan.Kind, snapshot.SizeBytes)
            {
                ContentBytes = plan.IsCompared ? null : ContentLeft(ranges, state, snapshot),
            },
            MoverJson.Default.BeginCatchUpMessage,
            cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.BeginSent, volume);
        var (own, offset) = await peer.Replies.ReadyAsync(cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.ReadyHeard, volume);
        ranges = plan.IsCompared ? BlockRanges.Union(ranges, own) : ranges;
        var total = BlockRanges.TotalBytes(ranges);
        var meter = new TransferMeter(plan.Kind, total, total - BlockRanges.TotalBytes(BlockRanges.From(ranges, offset)), source.Time);
        Log.Planned(source.Logger, task.ReplicationId, task.VolumeId, plan.Kind, plan.Base, total - meter.DoneBytes);
        facts.Transfer = meter;
        facts.Now = StandingOf(plan);

        string digest;
        await using (var pipe = new FramePipe(peer.Channel, volume, meter, throttle, cancellationToken))
        {
            using var sender = new CatchUpSender(
                pipe, peer, volume, new LeavingBlocks(volume.OpenSnapshot(snapshot.Id), cipher), meter, source.Options, source.Time);
            digest = plan.IsCompared
                ? await sender.CompareAsync(ranges, offset, cancellationToken)
                : await sender.ShipAsync(ranges, offset, cancellationToken);
        }

        if (plan.IsCompared)
        {
            // Answers come in order, so that after the last one the next is this. Were one told twice, each after it would have been
            // taken for the one before, and blocks that differ left as they are.
            await peer.AskAsync(cancellationToken);
        }

        var sent = meter.Status(isDone: true);
        var wasAt = source.PrimaryWasAt(snapshot.Lineage.LastNumber, snapshot.CreatedAt);
        await peer.SendAsync(
            FrameKind.EndCatchUp,
            new EndCatchUpMessage(
                digest, wasAt?.TakenAt, sent.ComparedBytes, sent.MovedBytes, sent.EqualBytes, total, meter.StartedAt, sent.ZeroedBytes)
            {
                WireBytes = sent.WireBytes,
                TakenAtThere = wasAt?.TakenAtThere,
            },
            MoverJson.Default.EndCatchUpMessage,
            cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.EndSent, volume);
        var reached = await peer.StateAsync(cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.EndHeard, volume);
        facts.Completed(meter.Status(isDone: true));
        MoverMetrics.Ended(meter, "done");
        facts.Transfer = null;
        Log.Transferred(source.Logger, task.ReplicationId, task.VolumeId, plan.Kind, sent.ComparedBytes, sent.MovedBytes, sent.EqualBytes);
        return reached.Lineage.ToLineage().Equals(snapshot.Lineage)
            ? reached
            : throw new MoverProtocolException("The replica took the catch-up over and is in another state than it should be.");
    }

    /// <summary>What is to come of a transfer, less what an earlier link left in place.</summary>
    private static long ContentLeft(IReadOnlyList<ByteRange> ranges, StateMessage state, SnapshotInfo snapshot)
    {
        var from = state.CatchUp is { } open && open.Lineage.ToLineage().Equals(snapshot.Lineage) ? open.OffsetBytes : 0;
        return BlockRanges.TotalBytes(BlockRanges.From(ranges.Where(r => !r.IsHole), from));
    }

    private static SourceFacts.Standing StandingOf(ReplicationPlan plan) => plan switch
    {
        ReplicationPlan.Adopt => new(
            ReplicationWords.Resyncing, "The copy at the replica's site is taken over: both are read, and what differs is replaced.", null, true),
        { IsCompared: true } => new(
            ReplicationWords.Resyncing, $"The replica wrote apart from number {plan.Base} on; what differs is replaced.", null, true),
        _ => new(ReplicationWords.Updating, null, null, true),
    };
}
