using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Replication;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>
/// Brings one replica up to its volume: to the present state, to the state of a run, or to that of a cut of its group; and on the way
/// to that of each snapshot that people know of and the replica lacks.
/// </summary>
internal sealed class SourceTransfer(
    SourceEnd source, SourceCatchUp catchUp, PassedSnapshots snapshots, PassedCuts cuts, TransferTurns turns)
{
    private readonly BlockVolume _volume = source.Volume;

    /// <summary>What was reached.</summary>
    /// <param name="UpTo">When the volume was in the state that the replica has now.</param>
    /// <param name="State">Where the replica is.</param>
    /// <param name="Tap">The writes from that state on; null when none was asked for, or there is no telling where to begin.</param>
    internal readonly record struct Reached(DateTimeOffset UpTo, StateMessage State, WriteTap? Tap);

    /// <summary>
    /// Makes the replica equal to a state of the volume: the present one when nothing is missing, else that of a snapshot.
    /// </summary>
    /// <param name="state">Where the replica is.</param>
    /// <param name="wanted">The moment that the state must not be before; null to stream from there on.</param>
    /// <param name="keptAs">The snapshot that keeps the state here; null for none.</param>
    /// <param name="cancellationToken">Ends the attempt; what is in place at the replica stays.</param>
    public async ValueTask<Reached> BringUpAsync(
        StateMessage state, DateTimeOffset? wanted, string? keptAs, CancellationToken cancellationToken)
    {
        await WaitUntilWholeAsync(cancellationToken);
        await KeepAsync(keptAs, cancellationToken);
        var isInstant = wanted is null;
        if (await FindNothingMissingAsync(state, isInstant, cancellationToken) is { } present)
        {
            return present;
        }

        using var turn = await TurnAsync(state, isInstant, cancellationToken);
        (state, var passedAt) = Resumed(state) is null ? await PassSnapshotsAsync(state, _volume.Lineage, cancellationToken) : (state, null);
        if (wanted is not null && passedAt >= wanted)
        {
            return new Reached(passedAt.Value, state, null);
        }

        if (passedAt is not null && await FindNothingMissingAsync(state, isInstant, cancellationToken) is { } passed)
        {
            return passed;
        }

        var (snapshot, tap) = await SnapshotAsync(state, isInstant, cancellationToken);
        try
        {
            await FailPoint.ReachAsync(MoverSteps.SnapshotTaken, _volume);
            if (Resumed(state) is null)
            {
                (state, _) = await PassSnapshotsAsync(state, snapshot.Lineage, cancellationToken);
            }

            state = await catchUp.ShipAsync(state, snapshot, cancellationToken);
            await DropSnapshotAsync(cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.SnapshotDropped, _volume);
            source.Facts.LastSync = new SourceFacts.Moment(snapshot.CreatedAt);
            return new Reached(snapshot.CreatedAt, state, tap);
        }
        catch
        {
            tap?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Makes the replica the state of its group's cut, and has it kept. A replica that is further in the same history, since it was
    /// brought up outside of cuts, has that state behind it and keeps to where it is.
    /// </summary>
    public async ValueTask ShipCutAsync(StateMessage state, SnapshotInfo cut, string cutId, CancellationToken cancellationToken)
    {
        var replica = state.Lineage.ToLineage();
        if (state.IsWhole && cut.Lineage.IsPrefixOf(replica) && replica.LastNumber > cut.Lineage.LastNumber)
        {
            return;
        }

        using var turn = await TurnAsync(state, isInstant: false, cancellationToken);
        (state, _) = await PassSnapshotsAsync(state, cut.Lineage, cancellationToken);
        await catchUp.ShipAsync(state, cut, cancellationToken);
        source.Facts.LastSync = new SourceFacts.Moment(cut.CreatedAt);
        await cuts.KeepAsync(new TapMark(cutId, cut.Lineage.LastNumber, cut.CreatedAt), cancellationToken);
    }

    /// <summary>The replica is in the present state: no transfer, with the tap opened at that very state. Null when it is not.</summary>
    private async ValueTask<Reached?> FindNothingMissingAsync(StateMessage state, bool isInstant, CancellationToken cancellationToken)
    {
        var replica = state.Lineage.ToLineage();
        var now = source.Time.GetUtcNow();
        if (ReplicationPlan.For(_volume.Lineage, replica, state.IsWhole) is not ReplicationPlan.Stream)
        {
            return null;
        }

        var tap = isInstant ? await _volume.OpenTapAsync(source.Options.TapBoundBytes, cancellationToken) : null;
        if (tap is not null && !(tap.StartsAfter == replica.LastNumber && _volume.Lineage.Runs.SequenceEqual(replica.Runs)))
        {
            tap.Dispose();
            return null;
        }

        // A snapshot that was taken since is of this very state.
        (state, _) = await PassSnapshotsAsync(state, replica, cancellationToken);
        source.Facts.LastSync = new SourceFacts.Moment(now);
        await DropSnapshotAsync(cancellationToken);
        return new Reached(now, state, tap);
    }

    /// <summary>
    /// Brings the replica to each state on the way to the target that is a snapshot here and not there, oldest first, and has it kept
    /// there under the same id. When the last of them was taken; null when there was none. Not on the way to what an open catch-up came
    /// from: it passed them already, and the first step would undo it.
    /// </summary>
    private async ValueTask<(StateMessage State, DateTimeOffset? TakenAt)> PassSnapshotsAsync(
        StateMessage state, Lineage target, CancellationToken cancellationToken)
    {
        DateTimeOffset? takenAt = null;
        foreach (var snapshot in snapshots.Missing(target, state))
        {
            state = await catchUp.ShipAsync(state, snapshot, cancellationToken);
            await snapshots.MakeAsync(snapshot, cancellationToken);
            source.Facts.LastSync = new SourceFacts.Moment(snapshot.CreatedAt);
            takenAt = snapshot.CreatedAt;
        }

        return (state, takenAt);
    }

    /// <summary>Waits until a transfer may begin, before anything is held for it.</summary>
    private async ValueTask<IDisposable> TurnAsync(StateMessage state, bool isInstant, CancellationToken cancellationToken)
    {
        var isRestore = isInstant || ReplicationPlan.For(_volume.Lineage, state.Lineage.ToLineage(), state.IsWhole) is ReplicationPlan.Diverged;
        if (!turns.IsFree)
        {
            source.Facts.Now = new SourceFacts.Standing(
                ReplicationWords.Waiting, $"{source.Options.TransfersAtOnce} transfers are under way at this site, which is the most.", null, true);
        }

        return await turns.EnterAsync(
            source.Task.VolumeId, isRestore ? TransferUrgency.Restore : TransferUrgency.Scheduled, cancellationToken);
    }

    /// <summary>
    /// The snapshot to ship: the one that the replica's open catch-up came from, if it is still there, else a new one. What was shipped
    /// of another is undone at the replica.
    /// </summary>
    private async ValueTask<(SnapshotInfo Snapshot, WriteTap? Tap)> SnapshotAsync(
        StateMessage state, bool isInstant, CancellationToken cancellationToken)
    {
        if (Resumed(state) is { } kept)
        {
            return (kept, null);
        }

        await DropSnapshotAsync(cancellationToken);
        return isInstant
            ? await _volume.SnapshotAndTapAsync(source.BaseSnapshotId, source.Options.TapBoundBytes, cancellationToken)
            : (await _volume.CreateSnapshotAsync(source.BaseSnapshotId, cancellationToken), null);
    }

    /// <summary>The snapshot that the replica's open catch-up came from; null when it has none open, or from another one.</summary>
    private SnapshotInfo? Resumed(StateMessage state) =>
        state.CatchUp is { } open && source.FindSnapshot(source.BaseSnapshotId) is { } snapshot
        && snapshot.Lineage.Equals(open.Lineage.ToLineage()) ? snapshot : null;

    private ValueTask DropSnapshotAsync(CancellationToken cancellationToken) =>
        _volume.DeleteSnapshotAsync(source.BaseSnapshotId, cancellationToken);

    /// <summary>The state of this run is to be kept: the snapshot is taken once, and found again after a crash.</summary>
    private async ValueTask KeepAsync(string? keptAs, CancellationToken cancellationToken)
    {
        if (keptAs is not null && source.FindSnapshot(keptAs) is null)
        {
            await _volume.CreateSnapshotAsync(keptAs, cancellationToken);
        }
    }

    /// <summary>A copy that follows another is passed on only while its head is a state that the primary has been in.</summary>
    private async ValueTask WaitUntilWholeAsync(CancellationToken cancellationToken)
    {
        while (source.Task.IsPassedOn
            && (_volume.CatchUpUnfinished || (_volume.Lineage.Runs.Count == 0 && ReplicaCopy.PointOf(_volume) is null)))
        {
            source.Facts.Now = new SourceFacts.Standing(
                ReplicationWords.Waiting, "The copy that is passed on is itself being brought up.", "It goes on by itself when that is done.", true);
            await Task.Delay(source.Options.HeartbeatInterval, source.Time, cancellationToken);
        }
    }
}
