using Skerry.Client.Native.Wire;
using static Skerry.Cli.Tests.Samples;

namespace Skerry.Cli.Tests;

public sealed class GroupTests
{
    private const string GroupId = "55555555-5555-4555-8555-555555555555";

    private static GroupRecord Group => new(
        GroupId, "database", "active - secondary", null, null, "north", "south", "north", "south", "instant", null, null, "resync", 5,
        new GroupPointRecord("0193f0a1b2c3deadbeef", Noon, 2.5, Noon), null, new GroupCutRecord(Noon, "0193f0a1b2c3deadbeef", 12, null),
        [new GroupMemberRecord(VolumeId, "data", ReplicationId, "north", "active - secondary", null)], Noon);

    [Fact]
    public async Task What_a_group_loses_by_force_is_said_before_it_is_asked_for()
    {
        var preview = new GroupPreviewRecord(GroupId, "north", "south", true, Group.RecoveryPoint, 2.5, 4096, "All volumes return to one instant.", [], null);
        var site = new FakeSite()
            .On("GET /skerry/v1/groups/database", Json(new GroupReply(Group), SkerryJson.Default.GroupReply))
            .On($"GET /skerry/v1/groups/{GroupId}/failover?force=true", Json(new GroupPreviewReply(preview), SkerryJson.Default.GroupPreviewReply))
            .On($"POST /skerry/v1/groups/{GroupId}/failover", Json(
                new GroupRecoveryReply(GroupId, OperationId, "south", preview), SkerryJson.Default.GroupRecoveryReply))
            .On($"GET /skerry/v1/operations/{OperationId}", Reply(AnOperation("succeeded")));
        var refused = await new Terminal { Site = site, Typed = "n\n" }.RunAsync("group", "failover", "database", "--force");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("return to one instant", refused.Error);
        Assert.DoesNotContain(site.Requests, r => r.StartsWith("POST", StringComparison.Ordinal) && r.Contains("/failover", StringComparison.Ordinal));
        var run = await CommandRun.Of(site, "group", "failover", "database", "--force", "--yes", "--wait", "-f", "value", "-c", "status");
        Assert.Equal((0, "succeeded\n"), (run.ExitCode, run.Out));
    }

    [Fact]
    public async Task A_drill_of_a_group_is_started_and_each_of_its_clones_is_named_for_connecting()
    {
        const string DrillId = "66666666-6666-4666-8666-666666666666";
        const string CloneId = "77777777-7777-4777-8777-777777777777";
        var clone = new DrillRecord(CloneId, VolumeId, "data", "south", "available", null, null, 8, Noon, Noon, "admin") { GroupDrillId = DrillId };
        var drill = new GroupDrillRecord(DrillId, GroupId, "database", "south", "available", null, "0193f0a1b2c3deadbeef", Noon, Noon, Noon, "admin", [clone]);
        var site = new FakeSite()
            .On("POST /skerry/v1/groups/database/drills", Json(new GroupDrillReply(drill, OperationId), SkerryJson.Default.GroupDrillReply))
            .On($"GET /skerry/v1/operations/{OperationId}", Reply(AnOperation("succeeded")))
            .On($"GET /skerry/v1/group-drills/{DrillId}", Json(new GroupDrillReply(drill), SkerryJson.Default.GroupDrillReply))
            .On($"DELETE /skerry/v1/group-drills/{DrillId}", Json(new GroupDrillReply(drill, OperationId), SkerryJson.Default.GroupDrillReply));
        var run = await CommandRun.Of(
            site, "group", "drill", "start", "database", "--cut", "0193f0a1b2c3deadbeef", "--limit", "2h", "--wait", "-f", "value", "-c", "id");
        Assert.Equal((0, DrillId + "\n"), (run.ExitCode, run.Out));
        Assert.Contains($"skerry volume connect {CloneId}", run.Error);
        Assert.Equal(("0193f0a1b2c3deadbeef", 7200), ((string)Parse(site.Bodies[0])["cut_id"]!, (int)Parse(site.Bodies[0])["limit_seconds"]!));
        Assert.Equal(0, (await CommandRun.Of(site, "group", "drill", "stop", DrillId, "--wait")).ExitCode);
        Assert.Equal(2, (await CommandRun.Of(site, "group", "failover", "database", "--no-fence")).ExitCode);
        Assert.Equal(2, (await CommandRun.Of(site, "group", "failover", "database", "--cut", "0193f0a1b2c3deadbeef")).ExitCode);
        Assert.Equal(2, (await CommandRun.Of(site, "site", "failover", "north", "--no-fence")).ExitCode);
    }

    [Fact]
    public async Task A_dry_run_prints_what_would_move_and_why_not()
    {
        var lines = new[]
        {
            new MoveLineRecord(VolumeId, "data", GroupId, 0, "south", "waiting", null, null, null, null, 0, "Nothing is lost.", 2048, null, null),
            new MoveLineRecord(OtherId, "scratch", null, 1, null, "skipped", "It has no replica.", null, null, null, null, null, null, null, null),
        };
        var site = new FakeSite()
            .On("GET /skerry/v1/sites", Sites("north", "south"))
            .On("GET /skerry/v1/sites/north-id/failover", Json(
                new SitePreviewReply(new SitePreviewRecord("north", null, false, 2048, 0, 3, lines, null)), SkerryJson.Default.SitePreviewReply));
        var run = await CommandRun.Of(site, "site", "failover", "north", "--dry-run", "-f", "value", "-c", "volume_name", "-c", "state", "-c", "reason");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("scratch skipped It has no replica.", run.Out);
        Assert.Contains("1 volumes move, 1 are left out", run.Error);
        Assert.DoesNotContain(site.Requests, r => r.StartsWith("POST", StringComparison.Ordinal) && r.Contains("/failover", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_plan_is_read_from_a_file_and_its_mistakes_are_named_with_their_line()
    {
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, "name: north-lost\nsite: north\nsteps:\n  - groups: [database]\n  - volumes: [web-1, web-2]\nrest: skip\n");
            var plan = new PlanRecord("north-lost", "north", null, 16, [], [], "skip", "continue");
            var site = new FakeSite().On("PUT /skerry/v1/plans/north-lost", Json(new PlanReply(plan), SkerryJson.Default.PlanReply));
            var run = await CommandRun.Of(site, "plan", "set", "--file", path, "-f", "value", "-c", "rest");
            Assert.Equal((0, "skip\n"), (run.ExitCode, run.Out));
            await File.WriteAllTextAsync(path, "name: x\nsite: north\nstops: []\n");
            var wrong = await CommandRun.Of(site, "plan", "set", "--file", path);
            Assert.Equal(2, wrong.ExitCode);
            Assert.Contains("line 3: there is no key stops", wrong.Error);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
