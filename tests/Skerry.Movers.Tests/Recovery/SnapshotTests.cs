using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Movers.Tests.Native;

namespace Skerry.Movers.Tests.Recovery;

/// <summary>Snapshots of replicated volumes as people see them: where they are, how long they stay, what differs, and along a chain.</summary>
public sealed class SnapshotTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_snapshot_is_at_both_sites_under_one_id_and_usable_at_either_and_goes_from_both()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, _) = await RecoveryTests.ReplicateAsync(north, south);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 10);
        var id = await TakeAsync(north, volumeId);
        await WriteAsync(history, north, volumeId, 3, 5);
        await RecoveryTests.UntilAsync(() => Places(south, id) is ["north", "south"], () => Places(south, id));
        var (here, there) = (Snapshot(await north.OpenAsync(volumeId), id), Snapshot(await south.OpenAsync(volumeId), id));
        Assert.Equal(here.Lineage, there.Lineage);
        await history.AssertHoldsAsync((await south.OpenAsync(volumeId)).OpenSnapshot(id), there.Lineage, "the snapshot at the replica");
        Assert.Equal("north", south.Snapshots.Show(LiveSite.Admin, id).Value.SiteName);

        // Usable at the target: connected there, and a volume made from it there.
        var connections = new ConnectionService(south.Context, south.Exports, new NoAddress());
        var connected = await connections.ConnectAsync(LiveSite.Admin, new ConnectRequest(volumeId) { SnapshotId = id }, None);
        Assert.False(connected.IsRefused, connected.Refusal?.ToString());
        using (var lease = south.Exports.Open(connected.Value.ExportName))
        {
            Assert.Equal(id, lease!.Grant.SnapshotId);
            Assert.True(lease.Grant.ReadOnly);
        }

        var clone = await south.Volumes.CreateAsync(
            LiveSite.Admin, new CreateVolumeRequest { Name = "clone", SourceSnapshotId = id, Site = "south" }, None);
        Assert.False(clone.IsRefused, clone.Refusal?.ToString());
        await RecoveryTests.UntilAsync(() => south.Volumes.Show(LiveSite.Admin, clone.Value.Id).Value.Status == VolumeStatus.Available);
        Assert.Equal("south", south.Volumes.Show(LiveSite.Admin, clone.Value.Id).Value.SiteName);

        // Going back to it would take from the replica what it has; it is refused, with what to do.
        var revert = await north.Volumes.RevertAsync(LiveSite.Admin, volumeId, id, None);
        Assert.Contains("is replicated", revert.Refusal!.Message, StringComparison.Ordinal);

        Assert.False((await south.Snapshots.DeleteAsync(LiveSite.Admin, id, None)).IsRefused);
        foreach (var site in (LiveSite[])[north, south])
        {
            await RecoveryTests.UntilAsync(async () => (await site.OpenAsync(volumeId)).Snapshots.All(s => s.Id != id));
            await RecoveryTests.UntilAsync(() => site.Context.Replica.List(EntityKinds.SnapshotCopy).Count == 0);
        }
    }

    [Fact]
    public async Task After_a_failover_the_snapshots_are_the_new_primarys_and_what_diverged_is_shown_and_dropped()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, replicationId) = await RecoveryTests.ReplicateAsync(north, south);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 12);
        var shared = await TakeAsync(north, volumeId);
        await RecoveryTests.UntilAsync(() => Places(south, shared) is ["north", "south"]);
        cloud.Cut(north);
        await RecoveryTests.UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);
        var fork = (await south.OpenAsync(volumeId)).Lineage.LastNumber;
        await WriteAsync(history, north, volumeId, 100, 7);
        var (north1, apart) = ((await north.OpenAsync(volumeId)).Lineage, await TakeAsync(north, volumeId));
        await SucceedsAsync(south, await south.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None));
        await RecoveryTests.UntilAsync(async () => !(await south.OpenAsync(volumeId)).IsReadOnly);
        await WriteAsync(history, south, volumeId, 200, 5);
        Assert.Equal("south", south.Snapshots.Show(LiveSite.Admin, shared).Value.SiteName);
        var later = await TakeAsync(south, volumeId);
        cloud.CutOff.Clear();
        await RecoveryTests.UntilAsync(() => Places(south, later) is ["north", "south"], () => south.Replications.Show(LiveSite.Admin, replicationId).Value);
        Assert.Equal(["north"], Places(south, apart));
        Assert.Equal(["north", "south"], Places(north, shared));

        var kept = Assert.Single(north.Snapshots.List(LiveSite.Admin, new SnapshotFilter { Name = "diverged-1" }));
        var moved = south.Replications.Show(LiveSite.Admin, replicationId).Value.Source!.LastTransfer!;
        var written = (7 + 5) * IBlockDevice.BlockSize;
        Assert.InRange(moved.MovedBytes + moved.ZeroedBytes, 0, written * 11 / 10);

        // What differs: the blocks that either side wrote since the fork, and nothing else.
        var diff = await north.Diffs.DiffAsync(LiveSite.Admin, kept.Id, null, 0, 1000, None);
        var blocks = Blocks(diff.Value.Ranges);
        var expected = history.WrittenAfter(north1, fork);
        expected.UnionWith(history.WrittenAfter((await south.OpenAsync(volumeId)).Lineage, fork));
        Assert.Equal(expected.Order(), blocks.Order());
        var paged = new List<DifferingRange>();
        for (long? next = 0; next is { } from;)
        {
            var part = (await north.Diffs.DiffAsync(LiveSite.Admin, kept.Id, null, from, 1, None)).Value;
            paged.AddRange(part.Ranges);
            next = part.NextOffsetBytes;
        }

        Assert.Equal(diff.Value.Ranges, paged);
        var between = await north.Diffs.DiffAsync(LiveSite.Admin, kept.Id, shared, 0, 1000, None);
        Assert.Equal(history.WrittenAfter(north1, fork).Order(), Blocks(between.Value.Ranges).Order());
        Assert.Contains("at site north", (await south.Diffs.DiffAsync(LiveSite.Admin, kept.Id, null, 0, 10, None)).Refusal!.Message, StringComparison.Ordinal);

        Assert.False((await south.Snapshots.DeleteAsync(LiveSite.Admin, kept.Id, None)).IsRefused);
        await RecoveryTests.UntilAsync(async () => (await north.OpenAsync(volumeId)).Snapshots.All(s => s.Id != kept.Id));
    }

    [Fact]
    public async Task Runs_are_kept_at_each_side_for_as_long_as_it_says_and_a_deleted_snapshot_where_the_replica_keeps_it()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, id) = await RecoveryTests.ReplicateAsync(north, south, ReplicationModes.OneTime);
        var wrong = await north.Replications.SetAsync(LiveSite.Admin, id, new ReplicationSettings { KeepTarget = "24" }, None);
        Assert.Equal("keep_target", wrong.Refusal!.Field);
        var set = await north.Replications.SetAsync(
            LiveSite.Admin, id, new ReplicationSettings { KeepSource = "count=2", KeepTarget = "count=3" }, None);
        Assert.Equal(("count=2", "count=3"), (set.Value.KeepSource, set.Value.KeepTarget));
        await RecoveryTests.UntilAsync(() => north.Replications.Show(LiveSite.Admin, id).Value.Source?.CompletedRun is not null);
        var history = new DiskHistory();
        for (var run = 0; run < 5; run++)
        {
            await WriteAsync(history, north, volumeId, run * 5, 5);
            await SyncAsync(north, id);
        }

        await RecoveryTests.UntilAsync(async () => (await RunsAsync(north, volumeId)).Count == 2 && (await RunsAsync(south, volumeId)).Count == 3);
        var (source, target) = (await north.OpenAsync(volumeId), await south.OpenAsync(volumeId));
        Assert.Equal((await RunsAsync(north, volumeId)).Select(s => s.Lineage), (await RunsAsync(south, volumeId)).Skip(1).Select(s => s.Lineage));
        foreach (var snapshot in await RunsAsync(south, volumeId))
        {
            await history.AssertHoldsAsync(target.OpenSnapshot(snapshot.Id), snapshot.Lineage, "a kept run");
        }

        await RecoveryTests.UntilAsync(() => north.Snapshots.List(LiveSite.Admin, new SnapshotFilter { VolumeId = volumeId }).Count == 3);
        var tenant = LiveSite.Admin with { Roles = ["member"] };
        Assert.Empty(north.Snapshots.List(tenant, new SnapshotFilter { VolumeId = volumeId }));

        // What somebody reads stays for as long as he does.
        var oldest = (await RunsAsync(south, volumeId))[0].Id;
        var connections = new ConnectionService(south.Context, south.Exports, new NoAddress());
        Assert.False((await connections.ConnectAsync(LiveSite.Admin, new ConnectRequest(volumeId) { SnapshotId = oldest }, None)).IsRefused);
        await SyncAsync(north, id);
        await RecoveryTests.UntilAsync(async () => (await RunsAsync(north, volumeId)).Count == 2 && (await RunsAsync(south, volumeId)).Count == 4);
        Assert.Contains(await RunsAsync(south, volumeId), s => s.Id == oldest);
        await connections.DisconnectAsync(LiveSite.Admin, volumeId, null, None);
        await RecoveryTests.UntilAsync(async () => (await RunsAsync(south, volumeId)).Count == 3);

        // Deleted at the primary, kept at the replica, and refused to be deleted twice.
        var taken = await TakeAsync(north, volumeId);
        await SyncAsync(north, id);
        await RecoveryTests.UntilAsync(() => Places(north, taken) is ["north", "south"]);
        Assert.False((await north.Snapshots.DeleteAsync(LiveSite.Admin, taken, None)).IsRefused);
        await RecoveryTests.UntilAsync(() => north.Snapshots.Show(LiveSite.Admin, taken).Value is { ReleasedAt: not null, SiteName: "south" });
        Assert.DoesNotContain(source.Snapshots, s => s.Id == taken);
        Assert.Contains(target.Snapshots, s => s.Id == taken);
        Assert.Contains("keeps it", (await north.Snapshots.DeleteAsync(LiveSite.Admin, taken, None)).Refusal!.Message, StringComparison.Ordinal);
        Assert.False((await north.Replications.SetAsync(LiveSite.Admin, id, new ReplicationSettings { KeepTarget = "none" }, None)).IsRefused);
        await RecoveryTests.UntilAsync(() => north.Snapshots.Show(LiveSite.Admin, taken).IsRefused);
        await RecoveryTests.UntilAsync(async () => (await RunsAsync(south, volumeId)).Count == 1);
    }

    [Fact]
    public async Task A_chain_passes_on_whole_states_and_goes_on_after_a_failover_to_its_middle_and_past_it()
    {
        await using var cloud = new LiveCloud();
        var (edge, hub, archive) = (await cloud.AddAsync("edge"), await cloud.AddAsync("south"), await cloud.AddAsync("archive"));
        var (volumeId, first) = await RecoveryTests.ReplicateAsync(edge, hub);
        await RecoveryTests.UntilAsync(() => BackendReport.Of(StateView.Of(edge.Context.Replica), archive.Id).Count > 0);
        var nowhere = await edge.Replications.CreateAsync(
            LiveSite.Admin, new CreateReplicationRequest(volumeId, "edge", null) { FromSite = "archive" }, None);
        Assert.True(nowhere.IsRefused);
        var noReplica = await edge.Replications.CreateAsync(
            LiveSite.Admin, new CreateReplicationRequest(volumeId, "south", null) { FromSite = "archive" }, None);
        Assert.Equal("from_site", noReplica.Refusal!.Field);
        var chained = await edge.Replications.CreateAsync(
            LiveSite.Admin, new CreateReplicationRequest(volumeId, "archive", null) { FromSite = "south" }, None);
        Assert.True(chained.Value is { IsPassedOn: true } && chained.Value.SourceSite == hub.Id, chained.ToString());
        var history = new DiskHistory();
        await WriteAsync(history, edge, volumeId, 0, 30);
        var id = await TakeAsync(edge, volumeId);
        await RecoveryTests.UntilAsync(() => Places(edge, id) is ["archive", "edge", "south"], () => Places(edge, id));
        var end = await archive.OpenAsync(volumeId);
        await FollowsAsync(archive, edge, volumeId, history);
        await RecoveryTests.UntilAsync(
            () => edge.Replications.Show(LiveSite.Admin, chained.Value.Id).Value is { Status: ReplicationWords.Secondary, Target.RecoveryPoint: not null },
            () => edge.Replications.Show(LiveSite.Admin, chained.Value.Id).Value);
        Assert.Contains("Delete replication", (await edge.Replications.DeleteAsync(LiveSite.Admin, first, None)).Refusal!.NextStep!, StringComparison.Ordinal);

        // To the middle.
        cloud.Cut(edge);
        await RecoveryTests.UntilAsync(async () => !(await hub.Replicas.FindAsync(volumeId, None))!.IsConnected);
        await SucceedsAsync(hub, await hub.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, "south", IsForced: true), None));
        await RecoveryTests.UntilAsync(async () => !(await hub.OpenAsync(volumeId)).IsReadOnly);
        await WriteAsync(history, hub, volumeId, 40, 6);
        await FollowsAsync(archive, hub, volumeId, history);
        Assert.True(Moved(hub, chained.Value.Id) <= 6 * IBlockDevice.BlockSize, $"{Moved(hub, chained.Value.Id)} bytes moved");
        cloud.CutOff.Clear();
        await FollowsAsync(edge, hub, volumeId, history);

        // And past it, with the middle dead: when it is back it follows the end, and the edge follows it.
        cloud.Cut(hub);
        cloud.Cut(edge);
        await RecoveryTests.UntilAsync(async () => !(await archive.Replicas.FindAsync(volumeId, None))!.IsConnected);
        await SucceedsAsync(archive, await archive.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, "archive", IsForced: true), None));
        await RecoveryTests.UntilAsync(() => !end.IsReadOnly);
        await WriteAsync(history, archive, volumeId, 50, 4);
        cloud.CutOff.Clear();
        await FollowsAsync(hub, archive, volumeId, history);
        await FollowsAsync(edge, archive, volumeId, history);
        var back = archive.Replications.Show(LiveSite.Admin, first).Value;
        Assert.Equal((hub.Id, edge.Id, true), (back.SourceSite, back.TargetSite, back.IsPassedOn));
        Assert.True(Moved(hub, first) <= 4 * IBlockDevice.BlockSize, $"{Moved(hub, first)} bytes moved");
    }

    [Fact]
    public async Task Size_follows_before_data_does_and_name_and_type_are_the_same_after_a_failover()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, replicationId) = await RecoveryTests.ReplicateAsync(north, south);
        await RecoveryTests.UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value.Status == ReplicationWords.Secondary);
        Assert.False((await south.Volumes.UpdateAsync(
            LiveSite.Admin, volumeId, new UpdateVolumeRequest { Name = "renamed", Description = "of the south" }, None)).IsRefused);
        Assert.False((await south.Volumes.ExtendAsync(LiveSite.Admin, volumeId, 2, None)).IsRefused);
        var (source, replica) = (await north.OpenAsync(volumeId), await south.OpenAsync(volumeId));
        await RecoveryTests.UntilAsync(() => source.SizeBytes == 2 * Volume.BytesPerGib && replica.SizeBytes == source.SizeBytes);
        await source.WriteAsync(source.SizeBytes - IBlockDevice.BlockSize, new byte[] { 42 }, WriteOptions.None, None);
        await RecoveryTests.UntilAsync(() => replica.Lineage.LastNumber == source.Lineage.LastNumber);
        var before = north.Volumes.Show(LiveSite.Admin, volumeId).Value;
        await SucceedsAsync(north, await north.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId), None));
        await RecoveryTests.UntilAsync(() => !replica.IsReadOnly && south.Volumes.Show(LiveSite.Admin, volumeId).Value.SiteName == "south");
        var after = south.Volumes.Show(LiveSite.Admin, volumeId).Value;
        Assert.Equal(("renamed", "of the south", 2L, before.TypeName), (after.Name, after.Description, after.SizeGib, after.TypeName));
        var end = new byte[1];
        await replica.ReadAsync(replica.SizeBytes - IBlockDevice.BlockSize, end, None);
        Assert.Equal(42, end[0]);
    }

    private static async Task SyncAsync(LiveSite site, string replicationId)
    {
        var before = site.Replications.Show(LiveSite.Admin, replicationId).Value.Source!.CompletedRun;
        Assert.False((await site.Replications.SyncAsync(LiveSite.Admin, replicationId, None)).IsRefused);
        await RecoveryTests.UntilAsync(() => site.Replications.Show(LiveSite.Admin, replicationId).Value.Source!.CompletedRun > before);
    }

    private static long Moved(LiveSite source, string replicationId) =>
        source.Replications.Show(LiveSite.Admin, replicationId).Value.Source?.LastTransfer?.MovedBytes ?? 0;

    private static async Task FollowsAsync(LiveSite site, LiveSite primary, string volumeId, DiskHistory history)
    {
        var source = await primary.OpenAsync(volumeId);
        await RecoveryTests.UntilAsync(
            async () => (await site.OpenAsync(volumeId)).Lineage.Equals(source.Lineage),
            () => string.Join("\n", site.Replications.List(LiveSite.Admin, volumeId)));
        await history.AssertHoldsAsync(await site.OpenAsync(volumeId), source.Lineage, $"the copy at {site.Name}");
    }

    private static async Task<string> TakeAsync(LiveSite site, string volumeId)
    {
        var taken = await site.Snapshots.CreateAsync(LiveSite.Admin, new CreateSnapshotRequest(volumeId), None);
        Assert.False(taken.IsRefused, taken.Refusal?.ToString());
        await RecoveryTests.UntilAsync(() => site.Snapshots.Show(LiveSite.Admin, taken.Value.Id).Value.Status == VolumeStatus.Available);
        return taken.Value.Id;
    }

    private static async Task<List<SnapshotInfo>> RunsAsync(LiveSite site, string volumeId) =>
    [
        .. (await site.OpenAsync(volumeId)).Snapshots.Where(
            s => site.Snapshots.Show(LiveSite.Admin, s.Id) is { IsRefused: false } shown && shown.Value.IsOfRun),
    ];

    private static string[] Places(LiveSite asked, string id) =>
        asked.Snapshots.Show(LiveSite.Admin, id) is { IsRefused: false } shown
            ? [.. shown.Value.Places.Select(p => p.SiteName).Order(StringComparer.Ordinal)]
            : [];

    private static SnapshotInfo Snapshot(BlockVolume volume, string id) => volume.Snapshots.Single(s => s.Id == id);

    private static List<long> Blocks(IEnumerable<DifferingRange> ranges) =>
        [.. ranges.SelectMany(r => Enumerable.Range(0, (int)(r.LengthBytes / IBlockDevice.BlockSize)).Select(i => (r.OffsetBytes / IBlockDevice.BlockSize) + i))];

    private static async Task WriteAsync(DiskHistory history, LiveSite site, string volumeId, int first, int count)
    {
        var volume = await site.OpenAsync(volumeId);
        for (var i = 0; i < count; i++)
        {
            await history.WriteAsync(volume, first + i, 1, isTrim: false);
        }
    }

    private static async Task SucceedsAsync(LiveSite site, Outcome<RecoveryTicket> outcome)
    {
        Assert.False(outcome.IsRefused, outcome.Refusal?.ToString());
        var operation = await site.Operations.WaitAsync(LiveSite.Admin, outcome.OperationId!, TimeSpan.FromSeconds(60), None);
        Assert.True(operation.Value.Status == OperationStatus.Succeeded, $"{operation.Value.Status}: {operation.Value.Reason}");
    }

    private sealed class NoAddress : INbdAddress
    {
        public string Host => "127.0.0.1";

        public int Port => 1;
    }
}
