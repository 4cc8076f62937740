using Skerry.Domain;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Movers.Tests.Native;
using static Skerry.Movers.Tests.Recovery.RecoveryTests;

namespace Skerry.Movers.Tests.Recovery;

public sealed class ForcedFailoverTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task By_force_the_most_advanced_copy_that_is_reached_is_promoted_and_another_says_how_far_it_is_behind()
    {
        await using var cloud = new LiveCloud();
        var (north, south, west) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"), await cloud.AddAsync("west"));
        var (volumeId, _) = await ReplicateAsync(north, south);
        var second = await north.Replications.CreateAsync(
            LiveSite.Admin, new CreateReplicationRequest(volumeId, "west", null), None);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 10);
        await UntilAsync(() => north.Replications.List(LiveSite.Admin).All(r => r is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 }));

        // South misses what west still gets; then the primary is lost.
        cloud.Cut(south);
        await WriteAsync(history, north, volumeId, 3, 10);
        var last = (await north.OpenAsync(volumeId)).Lineage.LastNumber;
        await UntilAsync(async () => (await west.Replicas.FindAsync(volumeId, None))!.Number == last);
        await north.KillAsync();
        cloud.CutOff.Clear();
        await UntilAsync(() => south.Replications.Show(LiveSite.Admin, second.Value.Id).Value.Target is { State: ReplicationWords.Disconnected, Number: var n } && n == last);

        var preview = (await south.Recovery.PreviewAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None)).Value;
        Assert.Null(preview.Refusal);
        Assert.Equal((west.Id, null), (preview.ToSite, preview.MoreAdvancedSite));
        Assert.Contains("Site west has the most advanced copy", preview.Choice, StringComparison.Ordinal);

        var behind = (await south.Recovery.PreviewAsync(LiveSite.Admin, new FailoverRequest(volumeId, "south", IsForced: true), None)).Value;
        Assert.Equal((west.Id, 10L), (behind.MoreAdvancedSite, behind.WritesBehind));
        Assert.Contains("behind the copy at site west", behind.Loss, StringComparison.Ordinal);

        var asked = await south.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None);
        Assert.Equal(west.Id, asked.Value.Site);
        await SucceedsAsync(south, asked);
        var promoted = await west.OpenAsync(volumeId);
        Assert.False(promoted.IsReadOnly);
        await history.AssertHoldsAsync(promoted, promoted.Lineage, "the promoted copy");
        Assert.Equal(last, promoted.Lineage.LastNumber);

        // Said again it is done, wherever that is said; it is no wish to move the volume on.
        foreach (var at in (LiveSite[])[west, south])
        {
            var again = await at.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None);
            Assert.False(again.IsRefused, again.Refusal?.ToString());
            Assert.Equal((null, west.Id), (again.Value.OperationId, again.Value.Site));
            var nothing = (await at.Recovery.PreviewAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None)).Value;
            Assert.Equal((null, west.Id, west.Id), (nothing.Refusal, nothing.FromSite, nothing.ToSite));
            Assert.Null((await at.Recovery.PromoteAsync(LiveSite.Admin, new PromoteRequest(volumeId, IsForced: true), None)).Value.OperationId);
        }

        // The other one follows, and the operation told what it took.
        await UntilAsync(async () => (await south.OpenAsync(volumeId)).Lineage.Equals(promoted.Lineage));
        var operation = south.Operations.Show(LiveSite.Admin, asked.OperationId!).Value;
        Assert.Equal(OperationStatus.Succeeded, operation.Status);

        // Cut off from everybody, a site has its own copy to choose.
        await west.KillAsync();
        cloud.Cut(south);
        await UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);
        Assert.Equal(
            south.Id,
            (await south.Recovery.PreviewAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None)).Value.ToSite);
    }

    [Fact]
    public async Task By_force_a_copy_returns_to_an_older_run_that_its_site_keeps_and_all_others_follow_from_there()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, id) = await ReplicateAsync(north, south, ReplicationModes.OneTime);
        Assert.False((await north.Replications.SetAsync(LiveSite.Admin, id, new ReplicationSettings { KeepSource = "count=9", KeepTarget = "count=3" }, None)).IsRefused);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, id).Value.Source?.CompletedRun is not null);
        var history = new DiskHistory();
        for (var run = 0; run < 3; run++)
        {
            await WriteAsync(history, north, volumeId, run * 5, 5);
            var before = north.Replications.Show(LiveSite.Admin, id).Value.Source!.CompletedRun;
            Assert.False((await north.Replications.SyncAsync(LiveSite.Admin, id, None)).IsRefused);
            await UntilAsync(() => north.Replications.Show(LiveSite.Admin, id).Value.Source!.CompletedRun > before);
        }

        // As a primary the site keeps what is to be kept at the source.
        var copy = await south.OpenAsync(volumeId);
        await UntilAsync(() => Runs().Count == 3 && Runs().All(r => south.Snapshots.Show(LiveSite.Admin, r.Id) is { IsRefused: false, Value.Status: VolumeStatus.Available }));
        var (oldest, middle, newest) = (Runs()[0], Runs()[1], Runs()[2]);
        FailoverRequest At(string? snapshotId, bool isForced = true) => new(volumeId, "south", isForced) { SnapshotId = snapshotId };

        Assert.Equal("snapshot_id", (await south.Recovery.FailoverAsync(LiveSite.Admin, At(middle.Id, isForced: false), None)).Refusal?.Field);
        Assert.Contains("alive and connected", (await south.Recovery.FailoverAsync(LiveSite.Admin, At(middle.Id), None)).Refusal!.Message, StringComparison.Ordinal);
        cloud.Cut(north);
        await UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);
        Assert.Equal(RefusalKind.NotFound, (await south.Recovery.FailoverAsync(LiveSite.Admin, At(Guid.NewGuid().ToString("D")), None)).Refusal?.Kind);
        var preview = (await south.Recovery.PreviewAsync(LiveSite.Admin, At(middle.Id), None)).Value;
        Assert.Equal((null, middle.Id), (preview.Refusal, preview.SnapshotId));
        Assert.Contains("returns to snapshot run-", preview.Loss, StringComparison.Ordinal);
        Assert.True(preview.SecondsSinceWhole >= 0);

        await SucceedsAsync(south, await south.Recovery.FailoverAsync(LiveSite.Admin, At(middle.Id), None));
        Assert.False(copy.IsReadOnly);
        Assert.Equal(middle.Lineage.LastNumber, Generations.Primary(StateView.Of(south.Context.Replica), volumeId)!.Current.ForkNumber);
        await history.AssertHoldsAsync(copy, middle.Lineage, "the promoted copy");
        Assert.Null((await south.Recovery.FailoverAsync(LiveSite.Admin, At(middle.Id), None)).Value.OperationId);
        Assert.Contains(
            "a primary returns to no snapshot", (await south.Recovery.FailoverAsync(LiveSite.Admin, At(oldest.Id), None)).Refusal!.Message, StringComparison.Ordinal);

        // What came later is kept for as long as it was to be, and the old primary returns to the fork with its own writes set aside.
        await history.AssertHoldsAsync(copy.OpenSnapshot(newest.Id), newest.Lineage, "the newest kept run");
        await history.AssertHoldsAsync(copy.OpenSnapshot(oldest.Id), oldest.Lineage, "the oldest kept run");
        await WriteAsync(history, south, volumeId, 40, 5);
        cloud.CutOff.Clear();
        var back = await north.OpenAsync(volumeId);
        await UntilAsync(() => back.IsReadOnly && Generations.Primary(StateView.Of(north.Context.Replica), volumeId)!.IsPrimary(south.Id));
        Assert.False((await south.Replications.SyncAsync(LiveSite.Admin, id, None)).IsRefused);
        await UntilAsync(() => back.Lineage.Equals(copy.Lineage), () => south.Replications.Show(LiveSite.Admin, id).Value);
        await history.AssertHoldsAsync(back, back.Lineage, "the old primary");

        List<Blocks.SnapshotInfo> Runs() =>
            [.. copy.Snapshots.Where(s => Guid.TryParseExact(s.Id, "D", out _)).OrderBy(s => s.Lineage.LastNumber)];
    }
}
