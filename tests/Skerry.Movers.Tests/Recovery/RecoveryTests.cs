using Skerry.Domain;
using Skerry.Domain.Events;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Movers.Tests.Native;

namespace Skerry.Movers.Tests.Recovery;

public sealed class RecoveryTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_volume_survives_the_loss_of_its_site_and_comes_home_with_what_diverged_kept()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 30);
        await UntilAsync(
            () => north.Replications.Show(LiveSite.Admin, replicationId).Value is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 },
            () => north.Replications.Show(LiveSite.Admin, replicationId).Value);

        // While the primary is alive and connected nobody takes it by force.
        var early = await south.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None);
        Assert.Equal(RefusalKind.State, early.Refusal?.Kind);
        Assert.Contains("alive and connected", early.Refusal!.Message, StringComparison.Ordinal);

        cloud.Cut(north);
        await WriteAsync(history, north, volumeId, 30, 10);
        var diverged = (await north.OpenAsync(volumeId)).Lineage;
        await north.KillAsync();
        await UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);
        var preview = await south.Recovery.PreviewAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None);
        Assert.Null(preview.Value.Refusal);
        Assert.NotNull(preview.Value.RecoveryPoint);
        var forced = await south.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None);
        await SucceedsAsync(south, forced);
        var promoted = await south.OpenAsync(volumeId);
        Assert.False(promoted.IsReadOnly);
        await history.AssertHoldsAsync(promoted, promoted.Lineage, "the promoted copy");
        Assert.True(promoted.Lineage.LastNumber >= preview.Value.RecoveryPoint!.Number);
        await WriteAsync(history, south, volumeId, 5, 20);

        cloud.CutOff.Clear();
        await north.StartAsync(None);
        await UntilAsync(
            () => south.Replications.Show(LiveSite.Admin, replicationId).Value is { Status: ReplicationWords.Secondary, Source.LastTransfer.Kind: "resync" },
            () => south.Replications.Show(LiveSite.Admin, replicationId).Value);
        var old = await north.OpenAsync(volumeId);
        Assert.True(old.IsReadOnly);
        var kept = Assert.Single(north.Context.Replica.List(EntityKinds.Snapshot), s => s.Text("name") == "diverged-1");
        await history.AssertHoldsAsync(old.OpenSnapshot(kept.Id), diverged, "what diverged");

        var back = await north.Recovery.FailbackAsync(LiveSite.Admin, new FailoverRequest(volumeId), None);
        await SucceedsAsync(north, back);
        Assert.Null((await north.Recovery.FailbackAsync(LiveSite.Admin, new FailoverRequest(volumeId), None)).Value.OperationId);
        await UntilAsync(() => !old.IsReadOnly);
        Assert.True((await south.OpenAsync(volumeId)).IsReadOnly);
        await history.AssertHoldsAsync(old, old.Lineage, "home");
        Assert.Equal((await south.OpenAsync(volumeId)).Lineage.LastNumber, old.Lineage.LastNumber);
        await WriteAsync(history, north, volumeId, 60, 5);
        await UntilAsync(async () => (await south.OpenAsync(volumeId)).Lineage.LastNumber == old.Lineage.LastNumber);

        // Each site tells what befell its own copy, once, though one of them was killed and began anew.
        (string, long?, string?)[] south3 = [(EventKinds.Promoted, 2, RoleCauses.Forced), (EventKinds.Demoted, 3, RoleCauses.Failback)];
        (string, long?, string?)[] north3 =
            [(EventKinds.Demoted, 2, RoleCauses.Forced), (EventKinds.Diverged, 1, null), (EventKinds.Promoted, 3, RoleCauses.Failback)];
        await UntilAsync(() => south.Noted.SequenceEqual(south3), () => string.Join(' ', south.Noted));
        await UntilAsync(() => north.Noted.SequenceEqual(north3), () => string.Join(' ', north.Noted));
        Assert.Equal(kept.Id, north.Events.List()[1].SnapshotId);
    }

    [Fact]
    public async Task A_demoted_volume_takes_no_writes_until_a_copy_is_promoted()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 10);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value.Status == ReplicationWords.Secondary);

        var promoted = await north.Recovery.PromoteAsync(LiveSite.Admin, new PromoteRequest(volumeId, "north", IsForced: true), None);
        Assert.Null(promoted.Value.OperationId);
        var resynced = await north.Recovery.ResyncAsync(LiveSite.Admin, new ResyncRequest(volumeId, "north"), None);
        Assert.Contains("a primary follows nobody", resynced.Refusal!.Message, StringComparison.Ordinal);

        await SucceedsAsync(south, await south.Recovery.DemoteAsync(LiveSite.Admin, new DemoteRequest(volumeId), None));
        Assert.True((await north.OpenAsync(volumeId)).IsReadOnly);
        Assert.Equal(ReplicationWords.Demoted, north.Replications.Show(LiveSite.Admin, replicationId).Value.Status);
        await SucceedsAsync(north, await north.Recovery.PromoteAsync(LiveSite.Admin, new PromoteRequest(volumeId, "south"), None));
        Assert.Null((await south.Recovery.PromoteAsync(LiveSite.Admin, new PromoteRequest(volumeId, "south"), None)).Value.OperationId);
        var unnamed = await south.Recovery.PromoteAsync(LiveSite.Admin, new PromoteRequest(volumeId), None);
        Assert.False(unnamed.IsRefused, unnamed.Refusal?.ToString());
        Assert.Equal((null, south.Id), (unnamed.Value.OperationId, unnamed.Value.Site));
        var south2 = await south.OpenAsync(volumeId);
        await UntilAsync(() => !south2.IsReadOnly);
        await history.AssertHoldsAsync(south2, south2.Lineage, "the promoted copy");
        Assert.Equal((await north.OpenAsync(volumeId)).Lineage.LastNumber, south2.Lineage.LastNumber);
        await UntilAsync(
            () => south.Replications.Show(LiveSite.Admin, replicationId).Value.Status == ReplicationWords.Secondary,
            () => south.Replications.Show(LiveSite.Admin, replicationId).Value);
    }

    [Fact]
    public async Task What_a_site_says_of_its_own_side_is_current_though_little_is_written()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (_, replicationId) = await ReplicateAsync(north, south);
        await UntilAsync(
            () => north.Replications.Show(LiveSite.Admin, replicationId).Value is { Status: ReplicationWords.Secondary, Source.ReplicaNumber: 0 });
        await UntilAsync(() => south.Replications.Show(LiveSite.Admin, replicationId).Value.Target?.State == ReplicationWords.Secondary);

        // Nothing is written for a while, and still each side tells how it is now.
        await UntilAsync(async () =>
        {
            var (asked, vector) = (DateTimeOffset.UtcNow, north.Context.Replica.Vector);
            await Task.Delay(1_500);
            return vector.Equals(north.Context.Replica.Vector)
                && north.Replications.Show(LiveSite.Admin, replicationId).Value.Source!.At > asked
                && south.Replications.Show(LiveSite.Admin, replicationId).Value.Target!.At > asked;
        });
    }

    [Fact]
    public async Task A_copy_that_diverged_waits_for_a_person_when_told_to()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, replicationId) = await ReplicateAsync(north, south, onReturn: ReturnPolicies.Wait);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value.Status == ReplicationWords.Secondary);
        cloud.Cut(north);
        await WriteAsync(new DiskHistory(), north, volumeId, 0, 5);
        await UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);
        await SucceedsAsync(south, await south.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None));
        cloud.CutOff.Clear();
        await UntilAsync(
            () => north.Replications.Show(LiveSite.Admin, replicationId).Value is { Status: ReplicationWords.Diverged, NextStep: not null },
            () => north.Replications.Show(LiveSite.Admin, replicationId).Value);
        (string, long?, string?)[] told = [(EventKinds.Demoted, 2, RoleCauses.Forced), (EventKinds.Diverged, 1, null)];
        await UntilAsync(() => north.Noted.SequenceEqual(told), () => string.Join(' ', north.Noted));
        Assert.Null(north.Events.List()[1].SnapshotId);
        Assert.True((await north.OpenAsync(volumeId)).IsReadOnly);
        Assert.Empty(north.Context.Replica.List(EntityKinds.Snapshot));
        var early = await south.Recovery.FailbackAsync(LiveSite.Admin, new FailoverRequest(volumeId), None);
        Assert.Contains(ReplicationWords.Diverged, early.Refusal?.Message, StringComparison.Ordinal);
        Assert.Contains("resync", early.Refusal?.NextStep, StringComparison.Ordinal);
        var asked = await south.Recovery.ResyncAsync(LiveSite.Admin, new ResyncRequest(volumeId), None);
        Assert.Equal(north.Id, asked.Value.Site);
        await UntilAsync(
            () => south.Replications.Show(LiveSite.Admin, replicationId).Value.Status == ReplicationWords.Secondary,
            () => south.Replications.Show(LiveSite.Admin, replicationId).Value);
        Assert.Single(north.Context.Replica.List(EntityKinds.Snapshot));

        // Told when it was found, and not again when it was set aside.
        await Task.Delay(1_500);
        Assert.Equal(told, north.Noted);
    }

    [Fact]
    public async Task Two_promotions_made_apart_stop_both_until_a_person_chooses()
    {
        await using var cloud = new LiveCloud();
        var (north, south, west) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"), await cloud.AddAsync("west"));
        var (volumeId, toSouth) = await ReplicateAsync(north, south);
        await UntilAsync(() => BackendReport.Of(StateView.Of(north.Context.Replica), west.Id).Count > 0);
        var second = await north.Replications.CreateAsync(
            LiveSite.Admin, new CreateReplicationRequest(volumeId, "west", null), None);
        await UntilAsync(() => north.Replications.List(LiveSite.Admin).All(r => r.Status == ReplicationWords.Secondary));
        await UntilAsync(() => west.Replications.Show(LiveSite.Admin, second.Value.Id).Value.Target?.RecoveryPoint is not null);
        foreach (var site in (LiveSite[])[north, south, west])
        {
            cloud.Cut(site);
        }

        await north.KillAsync();
        foreach (var site in (LiveSite[])[south, west])
        {
            await UntilAsync(async () => !(await site.Replicas.FindAsync(volumeId, None))!.IsConnected);
            await SucceedsAsync(
                site, await site.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, site.Name, IsForced: true), None));
        }

        var history = new DiskHistory();
        await WriteAsync(history, south, volumeId, 0, 5);
        await WriteAsync(new DiskHistory(), west, volumeId, 3, 5);
        cloud.CutOff.Clear();
        var (onSouth, onWest) = (await south.OpenAsync(volumeId), await west.OpenAsync(volumeId));
        await UntilAsync(() => onSouth.IsReadOnly && onWest.IsReadOnly);
        await UntilAsync(() => south.Replications.Show(LiveSite.Admin, toSouth).Value is { Status: ReplicationWords.Error, Reason: not null });
        Assert.True((await south.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, "south"), None)).IsRefused);

        await SucceedsAsync(
            west, await west.Recovery.PromoteAsync(LiveSite.Admin, new PromoteRequest(volumeId, "south", IsForced: true), None));
        await UntilAsync(() => !onSouth.IsReadOnly);
        await UntilAsync(() => onWest.Lineage.Equals(onSouth.Lineage), () => west.Replications.Show(LiveSite.Admin, second.Value.Id).Value);
        Assert.True(onWest.IsReadOnly);
        await history.AssertHoldsAsync(onWest, onWest.Lineage, "the copy that follows");
        Assert.Contains(west.Context.Replica.List(EntityKinds.Snapshot), s => s.Text("name") == "diverged-2");
        await UntilAsync(
            () => west.Noted.OrderBy(e => e).SequenceEqual(((string, long?, string?)[])
            [
                (EventKinds.Demoted, 3, RoleCauses.Forced), (EventKinds.Diverged, 2, null), (EventKinds.Promoted, 2, RoleCauses.Forced),
                (EventKinds.SplitBrain, 2, null),
            ]),
            () => string.Join(' ', west.Noted));
        await UntilAsync(
            () => south.Noted.SequenceEqual(((string, long?, string?)[])
            [
                (EventKinds.Promoted, 2, RoleCauses.Forced), (EventKinds.SplitBrain, 2, null), (EventKinds.Promoted, 3, RoleCauses.Forced),
            ]),
            () => string.Join(' ', south.Noted));
    }

    [Fact]
    public async Task A_planned_move_that_cannot_finish_leaves_the_primary_writing()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value.Status == ReplicationWords.Secondary);
        var asked = await north.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId), None);
        cloud.Cut(south);
        var operation = await north.Operations.WaitAsync(LiveSite.Admin, asked.OperationId!, TimeSpan.FromSeconds(60), None);
        if (operation.Value.Status == OperationStatus.Failed)
        {
            var volume = await north.OpenAsync(volumeId);
            await UntilAsync(() => !volume.IsReadOnly);
            await WriteAsync(new DiskHistory(), north, volumeId, 0, 3);
            Assert.Empty(north.Context.Replica.List(EntityKinds.Handover));
            return;
        }

        // It was faster than the cut: then the volume is given up here, and south writes once it learns of it.
        Assert.Equal(OperationStatus.Succeeded, operation.Value.Status);
        Assert.True((await north.OpenAsync(volumeId)).IsReadOnly);
        cloud.CutOff.Clear();
        var promoted = await south.OpenAsync(volumeId);
        await UntilAsync(() => !promoted.IsReadOnly);
    }

    [Fact]
    public async Task A_hand_over_that_a_crash_interrupts_is_undone()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value.Status == ReplicationWords.Secondary);
        for (var attempt = 0; attempt < 6; attempt++)
        {
            var asked = await north.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, "south"), None);
            if (asked.IsRefused)
            {
                // The replica is not back yet, or an earlier attempt got through.
                await Task.Delay(100);
                continue;
            }

            await Task.Delay(attempt * 25);
            await north.KillAsync();
            await north.StartAsync(None);
            var operation = await north.Operations.WaitAsync(LiveSite.Admin, asked.OperationId!, TimeSpan.FromSeconds(60), None);
            Assert.True(operation.Value.IsFinished, $"{operation.Value}");
            var primary = Generations.Primary(StateView.Of(north.Context.Replica), volumeId)!;
            var owner = primary.Current.Site == north.Id ? north : south;
            var volume = await owner.OpenAsync(volumeId);
            await UntilAsync(() => !volume.IsReadOnly);
            Assert.Empty(north.Context.Replica.List(EntityKinds.Handover));
            Assert.True((await (owner == north ? south : north).OpenAsync(volumeId)).IsReadOnly);
            if (owner == south)
            {
                return;
            }

            await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value.Status == ReplicationWords.Secondary);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_lost_primary_decided_unheard_does_not_stop_the_copy_that_was_promoted_by_force(bool namesSuccessor)
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 10);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 });

        cloud.IsStateHeldBack = true;
        var asked = namesSuccessor
            ? await north.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, "south"), None)
            : await north.Recovery.DemoteAsync(LiveSite.Admin, new DemoteRequest(volumeId), None);
        Assert.False(asked.IsRefused, asked.Refusal?.ToString());
        await UntilAsync(() => Generations.Primary(StateView.Of(north.Context.Replica), volumeId)!.Current.Number == 2);
        await north.KillAsync();
        cloud.IsStateHeldBack = false;
        await UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);
        await SucceedsAsync(south, await south.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None));
        await WriteAsync(history, south, volumeId, 5, 10);

        await north.StartAsync(None);
        await UntilAsync(() => Generations.Of(StateView.Of(south.Context.Replica), volumeId).Count(g => g.Number == 2) == 2);
        await UntilAsync(
            () => north.Replications.Show(LiveSite.Admin, replicationId).Value is { Status: ReplicationWords.Secondary, TargetSite: var target } && target == north.Id,
            () => north.Replications.Show(LiveSite.Admin, replicationId).Value);
        var promoted = await south.OpenAsync(volumeId);
        Assert.False(promoted.IsReadOnly);
        await history.AssertHoldsAsync(promoted, promoted.Lineage, "the promoted copy");
        await UntilAsync(() => south.Replications.Show(LiveSite.Admin, replicationId).Value.Status == ReplicationWords.Secondary);
        await SucceedsAsync(south, await south.Recovery.FailbackAsync(LiveSite.Admin, new FailoverRequest(volumeId), None));
    }

    [Fact]
    public async Task Runs_follow_the_schedule_and_the_wish()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, _) = await ReplicateAsync(north, south, ReplicationModes.OneTime);
        var id = north.Replications.List(LiveSite.Admin)[0].Id;
        await UntilAsync(
            () => north.Replications.Show(LiveSite.Admin, id).Value is { Status: ReplicationWords.Secondary, Source.CompletedRun: not null },
            () => north.Replications.Show(LiveSite.Admin, id).Value);
        await UntilAsync(() => south.Replications.Show(LiveSite.Admin, id).Value.Target?.RecoveryPoint is not null);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 10);
        var first = north.Replications.Show(LiveSite.Admin, id).Value.Source!.CompletedRun;

        // After a restart nothing is due; a wish is a run of its own, wherever it is uttered.
        await north.KillAsync();
        await north.StartAsync(None);
        await Task.Delay(300);
        Assert.NotEqual((await north.OpenAsync(volumeId)).Lineage.LastNumber, (await south.OpenAsync(volumeId)).Lineage.LastNumber);
        Assert.False((await south.Replications.SyncAsync(LiveSite.Admin, id, None)).IsRefused);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, id).Value.Source!.CompletedRun > first);
        var replica = await south.OpenAsync(volumeId);
        Assert.Equal((await north.OpenAsync(volumeId)).Lineage.LastNumber, replica.Lineage.LastNumber);
        await history.AssertHoldsAsync(replica, replica.Lineage, "the replica");

        Assert.False((await north.Replications.PauseAsync(LiveSite.Admin, id, None)).IsRefused);
        Assert.True((await north.Replications.SyncAsync(LiveSite.Admin, id, None)).IsRefused);
        Assert.Equal(ReplicationWords.Paused, north.Replications.Show(LiveSite.Admin, id).Value.Status);
    }

    [Fact]
    public async Task The_replica_of_a_deleted_volume_goes_when_its_time_in_the_trash_is_over()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value.Status == ReplicationWords.Secondary);
        var deleted = await north.Volumes.DeleteAsync(LiveSite.Admin, volumeId, cascade: false, None);
        Assert.False(deleted.IsRefused, deleted.Refusal?.ToString());
        await UntilAsync(() => !north.Store.VolumeIds.Contains(volumeId));
        Assert.Contains(volumeId, south.Store.VolumeIds);
        await UntilAsync(() => !south.Store.VolumeIds.Contains(volumeId));
        await UntilAsync(() => north.Context.Replica.List(EntityKinds.Generation).Count == 0);
    }

    internal static async Task<(string VolumeId, string ReplicationId)> ReplicateAsync(
        LiveSite north, LiveSite south, string mode = ReplicationModes.Instant, string onReturn = ReturnPolicies.Resync)
    {
        await UntilAsync(() => new[] { north, south }.All(s => BackendReport.Of(StateView.Of(north.Context.Replica), s.Id).Count > 0));
        var made = await north.Volumes.CreateAsync(LiveSite.Admin, new CreateVolumeRequest { Name = "disk", SizeGib = 1 }, None);
        Assert.False(made.IsRefused, made.Refusal?.ToString());
        await UntilAsync(() => north.Volumes.Show(LiveSite.Admin, made.Value.Id).Value.Status == VolumeStatus.Available);
        var replication = await north.Replications.CreateAsync(
            LiveSite.Admin, new CreateReplicationRequest(made.Value.Id, "south", null) { Settings = new() { Mode = mode, OnReturn = onReturn } }, None);
        Assert.False(replication.IsRefused, replication.Refusal?.ToString());
        var second = await north.Replications.CreateAsync(
            LiveSite.Admin, new CreateReplicationRequest(made.Value.Id, "south", null), None);
        Assert.Equal(RefusalKind.Conflict, second.Refusal?.Kind);
        return (made.Value.Id, replication.Value.Id);
    }

    internal static async Task WriteAsync(DiskHistory history, LiveSite site, string volumeId, int first, int count)
    {
        var volume = await site.OpenAsync(volumeId);
        for (var i = 0; i < count; i++)
        {
            await history.WriteAsync(volume, first + (i % 17), 1, isTrim: i % 11 == 10);
        }
    }

    internal static async Task SucceedsAsync(LiveSite site, Outcome<RecoveryTicket> outcome)
    {
        Assert.False(outcome.IsRefused, outcome.Refusal?.ToString());
        var operation = await site.Operations.WaitAsync(LiveSite.Admin, outcome.OperationId!, TimeSpan.FromSeconds(60), None);
        Assert.True(operation.Value.Status == OperationStatus.Succeeded, $"{operation.Value.Status}: {operation.Value.Reason}");
    }

    internal static Task UntilAsync(Func<bool> condition, Func<object>? state = null) =>
        UntilAsync(() => Task.FromResult(condition()), state);

    internal static async Task UntilAsync(Func<Task<bool>> condition, Func<object>? state = null)
    {
        for (var deadline = DateTime.UtcNow.AddSeconds(60); !await condition();)
        {
            Assert.True(DateTime.UtcNow < deadline, $"it did not come to that: {state?.Invoke()}");
            await Task.Delay(10);
        }
    }
}
