using System.Collections.Concurrent;
using Skerry.Domain;
using Skerry.Domain.Groups;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Movers.Tests.Recovery;

namespace Skerry.Movers.Tests.Groups;

public sealed class GroupTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_group_is_lost_with_its_site_promoted_at_one_instant_and_brought_home()
    {
        await using var rig = await GroupRig.StartAsync(8);
        using var stop = new CancellationTokenSource();
        var writing = rig.Writer.RunAsync(rig.North, stop.Token);
        await rig.NextPointAsync(rig.South);
        var early = await rig.South.GroupMoves.FailoverAsync(LiveSite.Admin, new GroupMoveRequest("database", IsForced: true), None);
        Assert.Contains("alive and connected", early.Refusal!.Message, StringComparison.Ordinal);

        // The links break one after another, so that the members stand apart by more than a cut.
        var point = await rig.NextPointAsync(rig.South);
        rig.Cloud.Cut(rig.North);
        await Task.Delay(30);
        await stop.CancelAsync();
        await writing;
        await rig.North.KillAsync();
        await rig.UntilDisconnectedAsync(rig.South);
        var preview = (await rig.South.GroupMoves.PreviewAsync(LiveSite.Admin, new GroupMoveRequest("database", IsForced: true), None)).Value;
        Assert.Null(preview.Refusal);
        Assert.True(preview.RecoveryPoint!.Value.TakenAt >= point.TakenAt);
        Assert.Contains("return to one instant", preview.Loss, StringComparison.Ordinal);
        var atCut = await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.South, preview.RecoveryPoint.Value), 1, "the recovery point");
        await rig.SucceedsAsync(rig.South, await rig.South.GroupMoves.FailoverAsync(LiveSite.Admin, new GroupMoveRequest("database", IsForced: true), None));
        var repeated = await rig.South.GroupMoves.FailoverAsync(LiveSite.Admin, new GroupMoveRequest("database", IsForced: true), None);
        Assert.False(repeated.IsRefused, repeated.Refusal?.ToString());
        Assert.Equal((null, rig.South.Id), (repeated.Value.OperationId, repeated.Value.Site));
        var last = await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.South), atCut, "the promoted group");
        Assert.Equal(atCut, last);

        // The old primaries return to the fork, and the group goes on the other way round.
        rig.Writer.GoOnAfter(last);
        await rig.Writer.WriteAsync(rig.South, 100);
        rig.Cloud.CutOff.Clear();
        await rig.North.StartAsync(None);
        await rig.NextPointAsync(rig.North);
        await RecoveryTests.UntilAsync(async () => (await rig.ShowAsync(rig.South)).Status == ReplicationWords.Secondary);
        await rig.SucceedsAsync(rig.North, await rig.North.GroupMoves.FailbackAsync(LiveSite.Admin, new GroupMoveRequest("database"), None));
        Assert.Equal(last + 100, await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.North), last + 100, "home"));
        var again = await rig.North.GroupMoves.FailbackAsync(LiveSite.Admin, new GroupMoveRequest("database"), None);
        Assert.Null(again.Value.OperationId);
        await rig.NextPointAsync(rig.South);
    }

    [Fact]
    public async Task Runs_of_a_periodic_group_ship_one_instant()
    {
        await using var rig = await GroupRig.StartAsync(4, ReplicationModes.Periodic, intervalSeconds: 3600);
        using var stop = new CancellationTokenSource();
        var writing = rig.Writer.RunAsync(rig.North, stop.Token);
        Cut first = default;
        await RecoveryTests.UntilAsync(
            async () => (first = (await rig.ShowAsync(rig.South)).RecoveryPoint ?? default) != default,
            () => rig.North.Replications.List(LiveSite.Admin));
        var atFirst = await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.South, first), 0, "the first run");
        await Task.Delay(100);
        var before = DateTimeOffset.UtcNow;
        var asked = await rig.South.Groups.SyncAsync(LiveSite.Admin, rig.GroupId, None);
        Assert.False(asked.IsRefused, asked.Refusal?.ToString());
        var second = await rig.NextPointAsync(rig.South, before);
        await stop.CancelAsync();
        await writing;
        Assert.True(await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.South, second), atFirst, "the second run") > atFirst);

        // Once all are through, nothing of a cut is left at the source.
        await RecoveryTests.UntilAsync(async () =>
            (await rig.DevicesAsync(rig.North)).All(d => !((Blocks.BlockVolume)d).Snapshots.Any(s => s.Id.StartsWith("cut-", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Runs_of_a_group_are_kept_at_each_side_and_each_is_of_one_instant()
    {
        await using var rig = await GroupRig.StartAsync(3, ReplicationModes.Periodic, intervalSeconds: 3600);
        var wrong = await rig.South.Groups.ReplicateAsync(LiveSite.Admin, rig.GroupId, Kept("count=2", "many"), None);
        Assert.Equal("keep_target", wrong.Refusal?.Field);
        var kept = await rig.South.Groups.ReplicateAsync(LiveSite.Admin, rig.GroupId, Kept("count=2", "count=3"), None);
        Assert.Equal(("count=2", "count=3"), (kept.Value.KeepSource, kept.Value.KeepTarget));
        await RecoveryTests.UntilAsync(() => rig.North.Replications.List(LiveSite.Admin).All(r => r is { KeepTarget: "count=3", Status: ReplicationWords.Secondary }));
        using var stop = new CancellationTokenSource();
        var writing = rig.Writer.RunAsync(rig.North, stop.Token);
        for (var run = 0; run < 5; run++)
        {
            var point = (await rig.ShowAsync(rig.South)).RecoveryPoint;
            Assert.False((await rig.North.Groups.SyncAsync(LiveSite.Admin, rig.GroupId, None)).IsRefused);
            await RecoveryTests.UntilAsync(async () => (await rig.ShowAsync(rig.South)).RecoveryPoint is { } next && next != point);
        }

        await stop.CancelAsync();
        await writing;
        await RecoveryTests.UntilAsync(async () => (await RunsAsync(rig, rig.North)).All(r => r.Count == 2) && (await RunsAsync(rig, rig.South)).All(r => r.Count == 3));
        var (source, target) = (await RunsAsync(rig, rig.North), await RunsAsync(rig, rig.South));
        var least = 0L;
        for (var run = 0; run < 3; run++)
        {
            var devices = new List<Blocks.IBlockDevice>();
            for (var member = 0; member < 3; member++)
            {
                devices.Add((await rig.South.OpenAsync(rig.VolumeIds[member])).OpenSnapshot(target[member][run].Id));
            }

            least = await rig.Writer.AssertPrefixAsync(devices, least, $"kept run {run}");
            Assert.Single(target.Select(t => rig.South.Snapshots.Show(LiveSite.Admin, t[run].Id).Value.Name).Distinct());
        }

        // What both sides keep is the same state under the same id.
        Assert.All(Enumerable.Range(0, 3), m => Assert.Equal(
            source[m].Select(s => (s.Id, s.Lineage.LastNumber)), target[m].Skip(1).Select(s => (s.Id, s.Lineage.LastNumber))));

        static ReplicateGroupRequest Kept(string atSource, string atTarget) =>
            new("south", null, ReplicationModes.Periodic, 3600) { KeepSource = atSource, KeepTarget = atTarget };
    }

    /// <summary>For each member the kept runs, oldest first.</summary>
    private static async Task<List<List<Blocks.SnapshotInfo>>> RunsAsync(GroupRig rig, LiveSite site)
    {
        var runs = new List<List<Blocks.SnapshotInfo>>();
        foreach (var id in rig.VolumeIds)
        {
            runs.Add([.. (await site.OpenAsync(id)).Snapshots.Where(s => Guid.TryParseExact(s.Id, "D", out _)).OrderBy(s => s.Lineage.LastNumber)]);
        }

        return runs;
    }

    [Theory]
    [InlineData(ReplicationModes.Instant)]
    [InlineData(ReplicationModes.Periodic)]
    public async Task A_target_of_an_older_version_gets_the_volumes_and_the_group_says_why_it_has_no_recovery_point(string mode)
    {
        await using var rig = await GroupRig.StartAsync(
            2, mode, intervalSeconds: mode == ReplicationModes.Periodic ? 3600 : null, southWithout: [Movers.Native.Wire.Features.GroupMarks]);
        await RecoveryTests.UntilAsync(() => rig.North.Replications.List(LiveSite.Admin).All(r => r.Status == ReplicationWords.Secondary));
        await rig.Writer.WriteAsync(rig.North, 10);
        Assert.False((await rig.North.Groups.SyncAsync(LiveSite.Admin, rig.GroupId, None)).IsRefused);
        GroupView? view = null;
        await RecoveryTests.UntilAsync(
            async () => (view = await rig.ShowAsync(rig.North)) is { Status: ReplicationWords.Secondary, Reason: { } why, Cuts.Reason: { } last }
                && why.Contains("older version", StringComparison.Ordinal) && last.Contains("upgrade that site", StringComparison.Ordinal),
            () => view!);
        Assert.Null(view!.RecoveryPoint);
        await RecoveryTests.UntilAsync(() => rig.South.Replications.List(LiveSite.Admin).All(r => r.Target?.RecoveryPoint is not null));

        // By force it is refused with what helps; planned it loses nothing, and needs no cut.
        rig.Cloud.Cut(rig.North);
        await rig.UntilDisconnectedAsync(rig.South);
        var refused = await rig.South.GroupMoves.FailoverAsync(LiveSite.Admin, new GroupMoveRequest(rig.GroupId, IsForced: true), None);
        Assert.Contains("no recovery point", refused.Refusal!.Message, StringComparison.Ordinal);
        rig.Cloud.CutOff.Clear();
        await rig.MovesAsync(rig.North, "south");
        Assert.Equal(10, await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.South), 10, "the moved group"));
    }

    [Fact]
    public async Task A_run_of_one_member_ships_the_cut_of_all()
    {
        await using var rig = await GroupRig.StartAsync(3, ReplicationModes.Periodic, intervalSeconds: 3600);
        Cut first = default;
        await RecoveryTests.UntilAsync(async () => (first = (await rig.ShowAsync(rig.South)).RecoveryPoint ?? default) != default);
        var relations = rig.North.Replications.List(LiveSite.Admin);
        await RecoveryTests.UntilAsync(() => rig.North.Replications.List(LiveSite.Admin).All(r => r.Status == ReplicationWords.Secondary));
        await rig.Writer.WriteAsync(rig.North, 20);
        var asked = await rig.North.Replications.SyncAsync(LiveSite.Admin, relations[1].Id, None);
        Assert.False(asked.IsRefused, asked.Refusal?.ToString());
        Cut second = default;
        await RecoveryTests.UntilAsync(async () => (second = (await rig.ShowAsync(rig.South)).RecoveryPoint ?? default) != first);
        Assert.Equal(20, await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.South, second), 20, "the run that one asked for"));
    }

    [Fact]
    public async Task A_member_without_the_recovery_point_refuses_the_whole_unless_told_otherwise()
    {
        await using var rig = await GroupRig.StartAsync(2);
        await rig.Writer.WriteAsync(rig.North, 20);
        await rig.NextPointAsync(rig.South);
        rig.Cloud.Cut(rig.North);
        await rig.UntilDisconnectedAsync(rig.South);
        var kept = await rig.South.Marks.ListAsync(rig.VolumeIds[1], None);
        await rig.South.Marks.DropAsync(rig.VolumeIds[1], [.. kept!.Select(m => m.Cut)], None);
        var refused = await rig.South.GroupMoves.FailoverAsync(LiveSite.Admin, new GroupMoveRequest(rig.GroupId, IsForced: true), None);
        Assert.Equal(RefusalKind.State, refused.Refusal?.Kind);
        Assert.Contains("no recovery point", refused.Refusal!.Message, StringComparison.Ordinal);
        await rig.SucceedsAsync(
            rig.South, await rig.South.GroupMoves.FailoverAsync(LiveSite.Admin, new GroupMoveRequest(rig.GroupId, IsForced: true, AllowMissing: true), None));
        Assert.All(await rig.DevicesAsync(rig.South), d => Assert.False(((Blocks.BlockVolume)d).IsReadOnly));
    }

    [Fact]
    public async Task Members_are_of_one_site_and_of_one_group()
    {
        await using var rig = await GroupRig.StartAsync(2);
        var other = (await rig.North.Groups.CreateAsync(LiveSite.Admin, "other", [], None)).Value;
        var taken = await rig.North.Groups.AddAsync(LiveSite.Admin, other.Id, rig.VolumeIds[0], None);
        Assert.Equal(RefusalKind.Conflict, taken.Refusal?.Kind);
        var named = await rig.North.Groups.CreateAsync(LiveSite.Admin, "other", [], None);
        Assert.Equal(RefusalKind.Conflict, named.Refusal?.Kind);
        await RecoveryTests.UntilAsync(async () => (await rig.ShowAsync(rig.North)).Status == ReplicationWords.Secondary);
        var moved = await rig.North.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(rig.VolumeIds[0]), None);
        await rig.North.Operations.WaitAsync(LiveSite.Admin, moved.OperationId!, TimeSpan.FromSeconds(60), None);
        await RecoveryTests.UntilAsync(async () => (await rig.ShowAsync(rig.North)).Status == ReplicationWords.Error);
        var removed = await rig.North.Groups.RemoveAsync(LiveSite.Admin, rig.GroupId, rig.VolumeIds[0], None);
        Assert.Single(removed.Value.Members);
        var apart = await rig.North.Groups.AddAsync(LiveSite.Admin, rig.GroupId, rig.VolumeIds[0], None);
        Assert.Equal(RefusalKind.State, apart.Refusal?.Kind);
        Assert.False((await rig.North.Groups.DeleteAsync(LiveSite.Admin, rig.GroupId, None)).IsRefused);
        Assert.Equal(RefusalKind.NotFound, (await rig.North.Groups.ShowAsync(LiveSite.Admin, rig.GroupId, None)).Refusal?.Kind);
        var added = await rig.North.Groups.AddAsync(LiveSite.Admin, other.Id, rig.VolumeIds[1], None);
        Assert.Single(added.Value.Members);
    }

    [Fact]
    public async Task A_volume_of_a_group_is_not_failed_over_alone_by_the_software_whichever_was_chosen_first()
    {
        await using var rig = await GroupRig.StartAsync(2);
        var member = (await rig.ShowAsync(rig.North)).Members[0];
        var automatic = new ReplicationSettings { OnIsolation = "stop", Failover = "automatic" };
        var set = await rig.North.Replications.SetAsync(LiveSite.Admin, member.ReplicationId!, automatic, None);
        Assert.Equal(RefusalKind.State, set.Refusal?.Kind);
        Assert.Contains("fail the group over", set.Refusal!.NextStep, StringComparison.Ordinal);
        Assert.False((await rig.North.Replications.SetAsync(LiveSite.Admin, member.ReplicationId!, new ReplicationSettings { OnIsolation = "stop" }, None)).IsRefused);

        await rig.North.Groups.RemoveAsync(LiveSite.Admin, rig.GroupId, member.VolumeId, None);
        Assert.False((await rig.North.Replications.SetAsync(LiveSite.Admin, member.ReplicationId!, automatic, None)).IsRefused);
        var added = await rig.North.Groups.AddAsync(LiveSite.Admin, rig.GroupId, member.VolumeId, None);
        Assert.Equal(RefusalKind.State, added.Refusal?.Kind);
        Assert.Contains(member.ReplicationId!, added.Refusal!.Message, StringComparison.Ordinal);
        var made = await rig.North.Groups.CreateAsync(LiveSite.Admin, "another", [member.VolumeId], None);
        Assert.Equal(RefusalKind.State, made.Refusal?.Kind);
    }

    [Fact]
    public async Task A_fence_that_refuses_leaves_the_whole_group_as_it_was_and_each_member_is_fenced_once()
    {
        await using var rig = await GroupRig.StartAsync(3);
        var fence = new CountingFence { Refuses = true };
        await rig.South.StopAsync();
        rig.South.Fence = fence;
        await rig.South.StartAsync(None);
        await rig.Writer.WriteAsync(rig.North, 20);
        var point = await rig.NextPointAsync(rig.South);
        await rig.Writer.WriteAsync(rig.North, 20);
        await RecoveryTests.UntilAsync(async () => (await rig.South.OpenAsync(rig.VolumeIds[0])).Lineage.LastNumber == (await rig.North.OpenAsync(rig.VolumeIds[0])).Lineage.LastNumber);
        rig.Cloud.Cut(rig.North);
        await rig.UntilDisconnectedAsync(rig.South);
        var before = (await rig.South.OpenAsync(rig.VolumeIds[0])).Lineage.LastNumber;
        var request = new GroupMoveRequest(rig.GroupId, IsForced: true) { CutId = point.Id };
        var asked = await rig.South.GroupMoves.FailoverAsync(LiveSite.Admin, request, None);
        Assert.False(asked.IsRefused, asked.Refusal?.ToString());
        var refused = await rig.South.Operations.WaitAsync(LiveSite.Admin, asked.OperationId!, TimeSpan.FromSeconds(30), None);
        Assert.Equal(Domain.Operations.OperationStatus.Failed, refused.Value.Status);
        Assert.Contains("the power switch does not answer", refused.Value.Reason, StringComparison.Ordinal);
        Assert.Equal(before, (await rig.South.OpenAsync(rig.VolumeIds[0])).Lineage.LastNumber);
        Assert.All(rig.VolumeIds, v => Assert.Equal(rig.North.Id, Domain.Volumes.Generations.Primary(StateView.Of(rig.South.Context.Replica), v)!.Current.Site));

        (fence.Refuses, fence.Asked) = (false, []);
        await rig.SucceedsAsync(rig.South, await rig.South.GroupMoves.FailoverAsync(LiveSite.Admin, request, None));
        Assert.Equal(rig.VolumeIds.Order(StringComparer.Ordinal), fence.Asked.Order(StringComparer.Ordinal));
        Assert.Contains(
            "fenced_by", rig.South.Operations.List(LiveSite.Admin, new Domain.Operations.OperationFilter { Kind = RecoveryOperations.Promote })[0].Parameters.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_whole_site_is_failed_over_without_its_fence_only_when_a_person_says_so()
    {
        await using var rig = await GroupRig.StartAsync(2);
        var fence = new CountingFence { Refuses = true };
        await rig.South.StopAsync();
        rig.South.Fence = fence;
        await rig.South.StartAsync(None);
        await rig.NextPointAsync(rig.South);
        rig.Cloud.Cut(rig.North);
        await rig.UntilDisconnectedAsync(rig.South);
        var fenced = await rig.South.SiteMoves.MoveAsync(LiveSite.Admin, new SiteMoveRequest("north", IsForced: true), None);
        var refused = await rig.South.Operations.WaitAsync(LiveSite.Admin, fenced.OperationId!, TimeSpan.FromSeconds(30), None);
        Assert.Equal(Domain.Operations.OperationStatus.Failed, refused.Value.Status);
        Assert.Contains("the power switch does not answer", refused.Value.Reason, StringComparison.Ordinal);
        fence.Asked = [];
        var asked = await rig.South.SiteMoves.MoveAsync(LiveSite.Admin, new SiteMoveRequest("north", IsForced: true) { WithoutFence = true }, None);
        var moved = await rig.South.Operations.WaitAsync(LiveSite.Admin, asked.OperationId!, TimeSpan.FromSeconds(30), None);
        Assert.True(moved.Value.Status == Domain.Operations.OperationStatus.Succeeded, $"{moved.Value.Status}: {moved.Value.Reason}");
        Assert.Empty(fence.Asked);
        Assert.Contains("\"without_fence\":true", moved.Value.Parameters.ToString(), StringComparison.Ordinal);
    }

    private sealed class CountingFence : IExternalFence
    {
        public bool Refuses { get; set; }

        public ConcurrentBag<string> Asked { get; set; } = [];

        public ValueTask<Refusal?> FenceAsync(FenceRequest request, CancellationToken cancellationToken)
        {
            Asked.Add(request.VolumeId);
            return ValueTask.FromResult(Refuses ? Refusal.State("the power switch does not answer") : null);
        }
    }
}
