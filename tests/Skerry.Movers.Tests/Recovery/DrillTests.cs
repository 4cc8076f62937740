using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Movers.Native.Wire;
using Skerry.Movers.Tests.Native;
using static Skerry.Movers.Tests.Recovery.RecoveryTests;

namespace Skerry.Movers.Tests.Recovery;

public sealed class DrillTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_drill_takes_writes_of_its_own_while_the_replica_goes_on_following()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 20);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 });
        var started = await north.Drills.StartAsync(LiveSite.Admin, new StartDrillRequest(volumeId), None);
        await SucceedsAsync(north, started.OperationId);
        var drillId = started.Value.Id;
        var shown = north.Drills.Show(LiveSite.Admin, drillId).Value;
        Assert.Equal((south.Id, VolumeStatus.Available, volumeId), (shown.Site, shown.Status, shown.VolumeId));
        Assert.NotNull(shown.Number);

        var drill = await south.OpenAsync(drillId);
        Assert.False(drill.IsReadOnly);
        await history.AssertHoldsAsync(drill, drill.Lineage, "the drill");
        await drill.WriteAsync(0, new byte[4096], WriteOptions.None, None);
        await drill.FlushAsync(None);

        // Its writes stay its own, the volume's do not reach it, and the volume is the only one that counts.
        await WriteAsync(history, north, volumeId, 3, 20);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 });
        var replica = await south.OpenAsync(volumeId);
        Assert.True(replica.IsReadOnly);
        await history.AssertHoldsAsync(replica, replica.Lineage, "the replica");
        Assert.DoesNotContain(south.Volumes.List(LiveSite.Admin, new VolumeFilter { AllProjects = true }), v => v.Id == drillId);
        Assert.True((await south.Replications.CreateAsync(
            LiveSite.Admin, new CreateReplicationRequest(drillId, "north", null), None)).IsRefused);
        Assert.True((await south.Recovery.DemoteAsync(LiveSite.Admin, new DemoteRequest(drillId), None)).IsRefused);

        await south.KillAsync();
        await south.StartAsync(None);
        await UntilAsync(async () => !(await south.OpenAsync(drillId)).IsReadOnly);
        var stopped = await north.Drills.StopAsync(LiveSite.Admin, drillId, None);
        await SucceedsAsync(north, stopped.OperationId);
        Assert.DoesNotContain(drillId, south.Store.VolumeIds);
        Assert.Empty(south.Drills.List(LiveSite.Admin));
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 });
        Assert.Contains(volumeId, south.Store.VolumeIds);
    }

    [Fact]
    public async Task A_drill_during_a_catch_up_begins_with_the_last_whole_state_and_ends_when_its_time_is_over()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 20);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 });
        var whole = (await south.OpenAsync(volumeId)).Lineage;

        // The primary is gone in the middle of a catch-up, so that it stays open: begun by hand, as a source does it.
        cloud.Cut(north);
        await UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);
        await WriteAsync(history, north, volumeId, 4, 10);
        var ahead = (await north.OpenAsync(volumeId)).Lineage;
        await south.Replicas.Slot(volumeId).Copy!.BeginCatchUpAsync(
            new CatchUpDocument(LineageDocument.Of(ahead), whole.LastNumber, Compare: false, OffsetBytes: 0), 1 << 30, false, None);
        Assert.True((await south.Replicas.FindAsync(volumeId, None))!.IsCatchingUp);

        var started = await south.Drills.StartAsync(LiveSite.Admin, new StartDrillRequest(volumeId, "south", LimitSeconds: 3), None);
        await SucceedsAsync(south, started.OperationId);
        var drill = await south.OpenAsync(started.Value.Id);
        await history.AssertHoldsAsync(drill, whole, "the drill");
        Assert.True((await south.Replicas.FindAsync(volumeId, None))!.IsCatchingUp);
        await UntilAsync(() => !south.Store.VolumeIds.Contains(started.Value.Id));
        Assert.Contains(volumeId, south.Store.VolumeIds);
    }

    [Fact]
    public async Task A_drill_of_what_is_no_replica_is_refused_with_what_to_do_instead()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, _) = await ReplicateAsync(north, south);
        Assert.Contains(
            "primary", (await north.Drills.StartAsync(LiveSite.Admin, new StartDrillRequest(volumeId, "north"), None)).Refusal?.Message,
            StringComparison.Ordinal);
        Assert.Equal(
            RefusalKind.Invalid, (await north.Drills.StartAsync(LiveSite.Admin, new StartDrillRequest(volumeId, LimitSeconds: 0), None)).Refusal?.Kind);
        var plain = await north.Volumes.CreateAsync(LiveSite.Admin, new CreateVolumeRequest { Name = "plain", SizeGib = 1 }, None);
        Assert.Contains(
            "not replicated", (await north.Drills.StartAsync(LiveSite.Admin, new StartDrillRequest(plain.Value.Id), None)).Refusal?.Message,
            StringComparison.Ordinal);
        Assert.Equal(RefusalKind.NotFound, (await north.Drills.StopAsync(LiveSite.Admin, volumeId, None)).Refusal?.Kind);
    }

    private static async Task SucceedsAsync(LiveSite site, string? operationId)
    {
        var operation = await site.Operations.WaitAsync(LiveSite.Admin, operationId!, TimeSpan.FromSeconds(60), None);
        Assert.True(operation.Value.Status == OperationStatus.Succeeded, $"{operation.Value.Status}: {operation.Value.Reason}");
    }
}
