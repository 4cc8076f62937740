using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Groups;
using Skerry.Domain.Operations;
using Skerry.Domain.Volumes;
using Skerry.Movers.Tests.Recovery;

namespace Skerry.Movers.Tests.Groups;

public sealed class GroupDrillTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task All_clones_of_a_drill_are_of_one_instant_and_are_dropped_together_while_the_replicas_follow()
    {
        await using var rig = await GroupRig.StartAsync(4);
        using var stop = new CancellationTokenSource();
        var writing = rig.Writer.RunAsync(rig.North, stop.Token);
        var point = await rig.NextPointAsync(rig.South);
        var drill = await StartAsync(rig, rig.North, new StartGroupDrillRequest("database"));
        Assert.Equal((rig.South.Id, VolumeStatus.Available), (drill.Site, drill.Status));
        Assert.True(drill.Cut!.Value.TakenAt >= point.TakenAt);
        Assert.All(drill.Members, m => Assert.Equal((drill.Cut.Value.TakenAt, drill.Id), (m.RecoveryPoint!.TakenAt, m.GroupDrillId)));
        var clones = await rig.DevicesAsync(rig.South, drill);
        var at = await rig.Writer.AssertPrefixAsync(clones, 1, "the drill");
        foreach (var clone in clones)
        {
            await clone.WriteAsync(0, new byte[4096], WriteOptions.None, None);
            await clone.FlushAsync(None);
        }

        // What the drill writes is its own, and what the group writes does not reach it.
        var later = await rig.NextPointAsync(rig.South);
        Assert.True(await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.South, later), at, "the replicas") > at);
        var alone = await rig.North.Drills.StopAsync(LiveSite.Admin, drill.Members[0].Id, None);
        Assert.Contains(drill.Id, alone.Refusal?.NextStep, StringComparison.Ordinal);
        await rig.South.KillAsync();
        await rig.South.StartAsync(None);
        await RecoveryTests.UntilAsync(async () => (await rig.DevicesAsync(rig.South, drill)).TrueForAll(c => !((BlockVolume)c).IsReadOnly));

        var first = await rig.North.GroupDrills.StopAsync(LiveSite.Admin, drill.Id, None);
        await SucceedsAsync(rig.North, first.OperationId);
        Assert.Equal(RefusalKind.NotFound, (await rig.North.GroupDrills.StopAsync(LiveSite.Admin, drill.Id, None)).Refusal?.Kind);
        Assert.DoesNotContain(rig.South.Store.VolumeIds, id => drill.Members.Any(m => m.Id == id));
        Assert.Empty(rig.South.Drills.List(LiveSite.Admin));
        await rig.NextPointAsync(rig.South);
        await stop.CancelAsync();
        await writing;
    }

    [Fact]
    public async Task An_older_cut_that_all_keep_can_be_drilled_and_one_that_they_do_not_keep_is_refused_as_a_whole()
    {
        await using var rig = await GroupRig.StartAsync(2);
        await rig.Writer.WriteAsync(rig.North, 30);
        await RecoveryTests.UntilAsync(async () => (await rig.ShowAsync(rig.South)).RecoveryPoints.Count == 3);
        rig.Cloud.Cut(rig.North);
        await rig.UntilDisconnectedAsync(rig.South);
        var kept = (await rig.ShowAsync(rig.South)).RecoveryPoints;
        var oldest = kept[^1];
        var drill = await StartAsync(rig, rig.South, new StartGroupDrillRequest(rig.GroupId, oldest.Id));
        Assert.Equal(oldest, drill.Cut);
        await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.South, drill), 0, "the drill of an older cut");

        var unknown = await rig.South.GroupDrills.StartAsync(
            LiveSite.Admin, new StartGroupDrillRequest(rig.GroupId, Cut.New(DateTimeOffset.UnixEpoch, "00000000-").Id), None);
        Assert.Equal(RefusalKind.State, unknown.Refusal?.Kind);
        Assert.Contains(kept[0].Id, unknown.Refusal!.NextStep, StringComparison.Ordinal);
        Assert.Equal(RefusalKind.Invalid, (await rig.South.GroupDrills.StartAsync(LiveSite.Admin, new StartGroupDrillRequest(rig.GroupId, "newest"), None)).Refusal?.Kind);
        Assert.Equal(
            RefusalKind.Invalid, (await rig.South.GroupDrills.StartAsync(LiveSite.Admin, new StartGroupDrillRequest(rig.GroupId, LimitSeconds: 0), None)).Refusal?.Kind);
        Assert.Single(rig.South.GroupDrills.List(LiveSite.Admin));

        // The group itself can be promoted at an older cut too.
        await rig.SucceedsAsync(
            rig.South, await rig.South.GroupMoves.FailoverAsync(LiveSite.Admin, new GroupMoveRequest(rig.GroupId, IsForced: true) { CutId = oldest.Id }, None));
        Assert.Equal(
            await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.South, drill), 0, "the drill"),
            await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.South), 0, "the group at the older cut"));
    }

    [Fact]
    public async Task A_drill_goes_on_after_a_kill_in_its_middle_at_the_cut_that_it_had_chosen_and_asking_twice_makes_one()
    {
        await using var rig = await GroupRig.StartAsync(3);
        using var stop = new CancellationTokenSource();
        var writing = rig.Writer.RunAsync(rig.North, stop.Token);
        await rig.NextPointAsync(rig.South);
        var (reached, opened) = (new TaskCompletionSource(), new TaskCompletionSource());
        rig.South.AtMoment = (GroupMoments.MemberCloned, WaitAsync);
        async Task WaitAsync()
        {
            reached.TrySetResult();
            await opened.Task;
        }

        var asked = await rig.North.GroupDrills.StartAsync(LiveSite.Admin, new StartGroupDrillRequest("database"), None);
        Assert.False(asked.IsRefused, asked.Refusal?.ToString());
        var again = await rig.North.GroupDrills.StartAsync(LiveSite.Admin, new StartGroupDrillRequest("database"), None);
        Assert.Equal((asked.OperationId, asked.Value.Id), (again.OperationId, again.Value.Id));
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30));
        var chosen = rig.South.GroupDrills.Show(LiveSite.Admin, asked.Value.Id).Value.Cut;
        Assert.NotNull(chosen);
        var kill = rig.South.KillAsync();
        opened.SetResult();
        await kill;
        rig.South.AtMoment = null;
        await rig.South.StartAsync(None);
        await SucceedsAsync(rig.North, asked.OperationId);
        var drill = rig.North.GroupDrills.Show(LiveSite.Admin, asked.Value.Id).Value;
        Assert.Equal((VolumeStatus.Available, chosen), (drill.Status, drill.Cut));
        await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.South, drill), 1, "the drill after a kill");
        await stop.CancelAsync();
        await writing;

        // It has its time and goes by itself.
        var brief = await StartAsync(rig, rig.South, new StartGroupDrillRequest("database", LimitSeconds: 1));
        await RecoveryTests.UntilAsync(() => rig.South.GroupDrills.List(LiveSite.Admin).Count == 1);
        Assert.DoesNotContain(rig.South.Store.VolumeIds, id => brief.Members.Any(m => m.Id == id));
        Assert.Equal(drill.Id, Assert.Single(rig.South.GroupDrills.List(LiveSite.Admin)).Id);
    }

    private static async Task<GroupDrill> StartAsync(GroupRig rig, LiveSite at, StartGroupDrillRequest request)
    {
        var asked = await at.GroupDrills.StartAsync(LiveSite.Admin, request, None);
        Assert.False(asked.IsRefused, asked.Refusal?.ToString());
        await SucceedsAsync(at, asked.OperationId);
        return rig.South.GroupDrills.Show(LiveSite.Admin, asked.Value.Id).Value;
    }

    private static async Task SucceedsAsync(LiveSite site, string? operationId)
    {
        var operation = await site.Operations.WaitAsync(LiveSite.Admin, operationId!, TimeSpan.FromSeconds(30), None);
        Assert.True(operation.Value.Status == OperationStatus.Succeeded, $"{operation.Value.Status}: {operation.Value.Reason}");
    }
}
