using System.Text.Json;
using Skerry.Domain;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Movers.Tests.Recovery;

namespace Skerry.Movers.Tests.Groups;

public sealed class SiteMoveTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly JsonSerializerOptions Stored = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    [Fact]
    public async Task A_site_moves_by_plan_and_comes_home()
    {
        await using var rig = await GroupRig.StartAsync(3);
        var alone = await ReplicatedAsync(rig, "alone");
        var stays = await ReplicatedAsync(rig, "stays");
        var bare = await MadeAsync(rig, "bare");
        await rig.NextPointAsync(rig.South);
        await RecoveryTests.UntilAsync(() => new[] { alone, stays }.All(v => rig.North.Replications.List(LiveSite.Admin, v)[0].Status == ReplicationWords.Secondary));
        var plan = new RecoveryPlan(
            "north-lost", "north", "south", 4, [new RecoveryStep("first", [], ["alone"]), new RecoveryStep("then", ["database"], [])], ["stays"],
            PlanRest.Last, PlanFailure.Stop);
        var set = await rig.North.Plans.SetAsync(LiveSite.Admin, plan, None);
        Assert.False(set.IsRefused, set.Refusal?.ToString());
        var twice = await rig.North.Plans.SetAsync(LiveSite.Admin, plan with { Skip = ["alone"] }, None);
        Assert.Equal(RefusalKind.Invalid, twice.Refusal?.Kind);

        var preview = (await rig.North.SiteMoves.PreviewAsync(LiveSite.Admin, new SiteMoveRequest("north", PlanName: "north-lost"), None)).Value;
        Assert.Null(preview.Refusal);
        Assert.Equal(["alone", "disk-0", "disk-1", "disk-2"], preview.Report.Volumes.Where(v => !v.IsOver).Select(v => v.VolumeName));
        Assert.Equal([0, 1, 1, 1], preview.Report.Volumes.Where(v => !v.IsOver).Select(v => v.Step));
        Assert.Contains(preview.Report.Volumes, v => v.VolumeId == bare && v.State == MoveLine.Skipped && v.Reason!.Contains("no replica", StringComparison.Ordinal));
        Assert.Contains(preview.Report.Volumes, v => v.VolumeId == stays && v.State == MoveLine.Skipped && v.Reason!.Contains("leaves it out", StringComparison.Ordinal));

        var report = await MovedAsync(rig.North, new SiteMoveRequest("north", PlanName: "north-lost"));
        Assert.Equal(4, report.Count(MoveLine.Done));
        Assert.Equal(2, report.Count(MoveLine.Skipped));
        Assert.All(report.Volumes.Where(v => v.State == MoveLine.Done), v => Assert.Equal((2L, 0.0), (v.Generation, v.LossSeconds)));
        Assert.NotNull(report.EndedAt);
        var first = report.Volumes.Single(v => v.VolumeId == alone);
        Assert.All(report.Volumes.Where(v => v.GroupId is not null), v => Assert.True(v.StartedAt >= first.StartedAt + TimeSpan.FromSeconds(first.Seconds!.Value - 0.05)));
        Assert.Equal(rig.South.Id, (await rig.ShowAsync(rig.South)).PrimarySite);

        // What is left is what the plan leaves out, so asking again comes to nothing.
        var again = await rig.North.SiteMoves.MoveAsync(LiveSite.Admin, new SiteMoveRequest("north", PlanName: "north-lost"), None);
        Assert.Equal(RefusalKind.State, again.Refusal?.Kind);
        await RecoveryTests.UntilAsync(async () => (await rig.ShowAsync(rig.South)).Status == ReplicationWords.Secondary
            && rig.South.Replications.List(LiveSite.Admin, alone)[0].Status == ReplicationWords.Secondary);
        var home = await MovedAsync(rig.South, new SiteMoveRequest("north", IsFailback: true));
        Assert.Equal(4, home.Count(MoveLine.Done));
        Assert.Equal(rig.North.Id, (await rig.ShowAsync(rig.South)).PrimarySite);
        var nothing = await rig.South.SiteMoves.MoveAsync(LiveSite.Admin, new SiteMoveRequest("north", IsFailback: true), None);
        Assert.Null(nothing.Value.OperationId);
    }

    [Fact]
    public async Task A_lost_site_comes_up_elsewhere_though_the_driving_daemon_is_killed()
    {
        await using var rig = await GroupRig.StartAsync(4);
        var alone = await ReplicatedAsync(rig, "alone");
        await rig.Writer.WriteAsync(rig.North, 200);
        await rig.NextPointAsync(rig.South);
        await RecoveryTests.UntilAsync(() => rig.North.Replications.List(LiveSite.Admin, alone)[0].Status == ReplicationWords.Secondary);
        var early = await rig.South.SiteMoves.MoveAsync(LiveSite.Admin, new SiteMoveRequest("north", IsForced: true), None);
        Assert.Contains("alive and connected", early.Refusal!.Message, StringComparison.Ordinal);
        rig.Cloud.Cut(rig.North);
        await rig.North.KillAsync();
        await rig.UntilDisconnectedAsync(rig.South);
        var asked = await rig.South.SiteMoves.MoveAsync(LiveSite.Admin, new SiteMoveRequest("north", IsForced: true), None);
        Assert.False(asked.IsRefused, asked.Refusal?.ToString());
        Assert.True(asked.Value.Preview.LossSeconds >= 0);
        await Task.Delay(20);
        await rig.South.KillAsync();
        await rig.South.StartAsync(None);
        var report = await ReportAsync(rig.South, asked.Value.OperationId!);
        Assert.Equal(5, report.Count(MoveLine.Done));
        Assert.Single(report.Volumes.Where(v => v.GroupId is not null).Select(v => v.OperationId).Distinct());
        await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.South), 200, "the group");
    }

    private static async Task<string> MadeAsync(GroupRig rig, string name)
    {
        var made = await rig.North.Volumes.CreateAsync(LiveSite.Admin, new CreateVolumeRequest { Name = name, SizeGib = 1 }, None);
        await RecoveryTests.UntilAsync(() => rig.North.Volumes.Show(LiveSite.Admin, made.Value.Id).Value.Status == VolumeStatus.Available);
        return made.Value.Id;
    }

    private static async Task<string> ReplicatedAsync(GroupRig rig, string name)
    {
        var volumeId = await MadeAsync(rig, name);
        var replication = await rig.North.Replications.CreateAsync(
            LiveSite.Admin, new CreateReplicationRequest(volumeId, "south", null), None);
        Assert.False(replication.IsRefused, replication.Refusal?.ToString());
        return volumeId;
    }

    private static async Task<MoveReport> MovedAsync(LiveSite at, SiteMoveRequest request)
    {
        var asked = await at.SiteMoves.MoveAsync(LiveSite.Admin, request, None);
        Assert.False(asked.IsRefused, asked.Refusal?.ToString());
        return await ReportAsync(at, asked.Value.OperationId!);
    }

    private static async Task<MoveReport> ReportAsync(LiveSite at, string operationId)
    {
        var operation = await at.Operations.WaitAsync(LiveSite.Admin, operationId, TimeSpan.FromSeconds(30), None);
        Assert.True(operation.Value.Status == OperationStatus.Succeeded, $"{operation.Value.Status}: {operation.Value.Reason} {operation.Value.Result}");
        return JsonSerializer.Deserialize<MoveReport>(operation.Value.Result!.Value.Utf8.Span, Stored)!;
    }
}
