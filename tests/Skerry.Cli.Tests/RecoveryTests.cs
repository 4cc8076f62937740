using Skerry.Client.Native.Wire;
using static Skerry.Cli.Tests.Samples;

namespace Skerry.Cli.Tests;

public sealed class RecoveryTests
{
    private const string Loss = "At least the last 1.5 s may be lost, and at least 4096 bytes.";
    private const string Commit = $"POST http://north.test:8776/skerry/v1/volumes/{VolumeId}/failover";

    private static FakeSite Site(ErrorRecord? refusal = null) => new FakeSite()
        .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()))
        .On($"GET /skerry/v1/volumes/{VolumeId}/failover?force=true", Preview(Loss, refusal))
        .On($"POST /skerry/v1/volumes/{VolumeId}/failover", Json(
            new RecoveryReply(VolumeId, OperationId, "south", null), SkerryJson.Default.RecoveryReply))
        .On($"GET /skerry/v1/operations/{OperationId}", Reply(AnOperation("succeeded")));

    [Fact]
    public async Task What_may_be_lost_is_said_before_the_commit_is_sent()
    {
        var site = Site();
        var terminal = new Terminal { Site = site };
        var saidBefore = false;
        site.OnRequest = path => saidBefore |= path.StartsWith("POST", StringComparison.Ordinal) && terminal.Error.ToString().Contains(Loss);
        var run = await terminal.RunAsync("volume", "failover", VolumeId, "--force", "--wait", "-f", "value", "-c", "status");
        Assert.Equal((0, "succeeded\n"), (run.ExitCode, run.Out));
        Assert.True(saidBefore);
        Assert.Contains(Commit, site.Requests);
    }

    [Fact]
    public async Task What_was_lost_is_said_when_it_is_done()
    {
        var done = AnOperation("succeeded") with { Result = System.Text.Json.JsonElement.Parse("""{"generation": 2, "loss": "Nothing was lost."}""") };
        var site = new FakeSite()
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()))
            .On($"POST /skerry/v1/volumes/{VolumeId}/failback", Json(
                new RecoveryReply(VolumeId, OperationId, "north", null), SkerryJson.Default.RecoveryReply))
            .On($"GET /skerry/v1/operations/{OperationId}", Reply(done));
        var run = await CommandRun.Of(site, "volume", "failback", VolumeId, "--wait", "-f", "value", "-c", "status");
        Assert.Equal((0, "succeeded\n"), (run.ExitCode, run.Out));
        Assert.Contains("failback is done. Nothing was lost.", run.Error);
    }

    [Fact]
    public async Task What_the_primary_s_site_refuses_is_a_refusal_with_its_exit_code_though_an_operation_was_accepted()
    {
        var refused = AnOperation("failed") with
        {
            Reason = "Volume data has 1 attached writer. Detach it.",
            Refusal = new ErrorRecord(409, "state", "Volume data has 1 attached writer.", "Detach it."),
        };
        var site = new FakeSite()
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()))
            .On($"POST /skerry/v1/volumes/{VolumeId}/failover", Json(
                new RecoveryReply(VolumeId, OperationId, "south", null), SkerryJson.Default.RecoveryReply))
            .On($"GET /skerry/v1/operations/{OperationId}", Reply(refused));
        foreach (var run in (CommandRun[])[
            await CommandRun.Of(site, "volume", "failover", VolumeId, "--wait"), await CommandRun.Of(site, "operation", "wait", OperationId)])
        {
            Assert.Equal(4, run.ExitCode);
            Assert.Contains("has 1 attached writer", run.Error);
            Assert.Contains("Detach it.", run.Error);
        }
    }

    [Theory]
    [InlineData("failback")]
    [InlineData("promote")]
    [InlineData("failover", "--to", "south")]
    public async Task What_is_done_already_prints_the_same_shape(params string[] verb)
    {
        var site = new FakeSite()
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()))
            .On($"POST /skerry/v1/volumes/{VolumeId}/{verb[0]}", Json(new RecoveryReply(VolumeId, null, "south", null), SkerryJson.Default.RecoveryReply));
        var run = await CommandRun.Of(site, ["volume", verb[0], VolumeId, .. verb[1..], "-f", "json"]);
        Assert.Equal(0, run.ExitCode);
        var printed = System.Text.Json.JsonElement.Parse(run.Out);
        Assert.Equal("succeeded", printed.GetProperty("status").GetString());
        Assert.Equal("south", printed.GetProperty("target_site").GetString());
        Assert.Equal(VolumeId, printed.GetProperty("entity_id").GetString());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, printed.GetProperty("id").ValueKind);
    }

    [Fact]
    public async Task Nobody_is_asked_about_a_loss_where_nothing_is_to_be_done()
    {
        var preview = Json(
            new RecoveryPreviewReply(new RecoveryPreviewRecord(VolumeId, "south", "south", true, null, 0, 0, null, null, "Nothing is to be done.", null)),
            SkerryJson.Default.RecoveryPreviewReply);
        var site = new FakeSite()
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()))
            .On($"GET /skerry/v1/volumes/{VolumeId}/failover?force=true", preview)
            .On($"POST /skerry/v1/volumes/{VolumeId}/failover", Json(new RecoveryReply(VolumeId, null, "south", null), SkerryJson.Default.RecoveryReply));
        var run = await new Terminal { Site = site, Typed = "n\n" }.RunAsync("volume", "failover", VolumeId, "--force", "-f", "value", "-c", "status");
        Assert.Equal((0, "succeeded\n"), (run.ExitCode, run.Out));
    }

    [Theory]
    [InlineData("n\n")]
    [InlineData("\n")]
    [InlineData("")]
    public async Task A_person_who_does_not_say_yes_stops_it(string typed)
    {
        var site = Site();
        var run = await new Terminal { Site = site, Typed = typed }.RunAsync("volume", "failover", VolumeId, "--force");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(Loss, run.Error);
        Assert.DoesNotContain(Commit, site.Requests);
    }

    [Fact]
    public async Task A_person_who_says_yes_is_obeyed()
    {
        var site = Site();
        Assert.Equal(0, (await new Terminal { Site = site, Typed = "y\n" }.RunAsync("volume", "failover", VolumeId, "--force")).ExitCode);
        Assert.Contains(Commit, site.Requests);
    }

    [Fact]
    public async Task Yes_in_advance_asks_nothing_and_still_says_the_loss()
    {
        var site = Site();
        var run = await new Terminal { Site = site, Typed = "n\n" }.RunAsync("volume", "failover", VolumeId, "--force", "--yes");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains(Loss, run.Error);
        Assert.Contains(Commit, site.Requests);
    }

    [Fact]
    public async Task What_would_be_refused_is_refused_before_anything_is_asked_for()
    {
        var site = Site(new ErrorRecord(409, "state", "The primary at north is alive and connected.", "Use a planned failover."));
        var run = await CommandRun.Of(site, "volume", "failover", VolumeId, "--force");
        Assert.Equal(4, run.ExitCode);
        Assert.Contains("Use a planned failover.", run.Error);
        Assert.DoesNotContain(Commit, site.Requests);
    }

    [Theory]
    [InlineData("promote")]
    [InlineData("demote")]
    [InlineData("resync")]
    [InlineData("failover")]
    [InlineData("failback")]
    public async Task A_refusal_is_told_with_the_safe_way_and_exit_code_4(string verb)
    {
        var site = new FakeSite()
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()))
            .On($"POST /skerry/v1/volumes/{VolumeId}/{verb}", System.Net.HttpStatusCode.Conflict, Refusal(409, "state", "It would cost data.", "Do this instead."));
        var run = await CommandRun.Of(site, "volume", verb, VolumeId);
        Assert.Equal((4, ""), (run.ExitCode, run.Out));
        Assert.Contains("It would cost data.", run.Error);
        Assert.Contains("Do this instead.", run.Error);
    }

    [Fact]
    public async Task A_planned_one_asks_for_no_preview()
    {
        var site = Site();
        Assert.Equal(0, (await CommandRun.Of(site, "volume", "failover", VolumeId, "--drain")).ExitCode);
        Assert.Equal(Commit, site.Requests[1]);
        Assert.True((bool)Parse(site.Bodies[1])["drain"]!);
    }

    [Fact]
    public async Task A_dry_run_prints_the_preview_and_asks_for_nothing()
    {
        var site = Site();
        var run = await CommandRun.Of(site, "volume", "failover", VolumeId, "--force", "--dry-run", "-f", "value", "-c", "to_site", "-c", "summary");
        Assert.Equal((0, $"south\n{Loss}\n"), (run.ExitCode, run.Out));
        Assert.DoesNotContain(site.Requests, r => r.StartsWith("POST", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dry_run_of_what_would_be_refused_prints_the_preview_and_exits_as_the_refusal_does()
    {
        var site = Site(new ErrorRecord(409, "state", "The primary at north is alive and connected.", "Use a planned failover."));
        var run = await CommandRun.Of(site, "volume", "failover", VolumeId, "--force", "--dry-run", "-f", "json");
        Assert.Equal(4, run.ExitCode);
        Assert.Equal("south", (string)Parse(run.Out)["to_site"]!);
        Assert.Contains("Use a planned failover.", run.Error);
        Assert.DoesNotContain(Commit, site.Requests);
    }

    [Fact]
    public async Task The_copy_that_was_shown_is_the_one_that_is_promoted()
    {
        var site = Site();
        Assert.Equal(0, (await CommandRun.Of(site, "volume", "failover", VolumeId, "--force", "--yes")).ExitCode);
        Assert.Equal("south", (string)Parse(site.Bodies.Single(b => b.Contains("force", StringComparison.Ordinal)))["to"]!);
    }

    [Theory]
    [InlineData("cancelled", 0)]
    [InlineData("succeeded", 4)]
    public async Task An_abort_says_whether_it_came_in_time(string status, int exitCode)
    {
        var site = new FakeSite()
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()))
            .On($"POST /skerry/v1/volumes/{VolumeId}/failover/abort", Json(
                new RecoveryReply(VolumeId, OperationId, "north", null), SkerryJson.Default.RecoveryReply))
            .On($"GET /skerry/v1/operations/{OperationId}", Reply(AnOperation(status)));
        var run = await CommandRun.Of(site, "volume", "failover", "--abort", VolumeId, "--wait", "-f", "value", "-c", "status");
        Assert.Equal((exitCode, status + "\n"), (run.ExitCode, run.Out));
        Assert.Equal(2, (await CommandRun.Of(site, "volume", "failover", "--abort", VolumeId, "--force")).ExitCode);
    }

    [Fact]
    public async Task A_drill_is_started_at_its_site_for_its_time_and_dropped()
    {
        const string DrillId = "55555555-5555-4555-8555-555555555555";
        var drill = new DrillRecord(DrillId, VolumeId, "data", "south", "available", null, new RecoveryPointRecord(1, 8, Noon), 8, Noon, Noon, "admin");
        var site = new FakeSite()
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()))
            .On($"POST /skerry/v1/volumes/{VolumeId}/drills", Json(new DrillReply(drill, OperationId), SkerryJson.Default.DrillReply))
            .On($"GET /skerry/v1/operations/{OperationId}", Reply(AnOperation("succeeded")))
            .On($"GET /skerry/v1/drills/{DrillId}", Json(new DrillReply(drill), SkerryJson.Default.DrillReply))
            .On($"DELETE /skerry/v1/drills/{DrillId}", Json(new DrillReply(drill, OperationId), SkerryJson.Default.DrillReply));
        var run = await CommandRun.Of(site, "volume", "drill", "start", VolumeId, "--at", "south", "--limit", "2h", "--wait", "-f", "value", "-c", "id");
        Assert.Equal((0, DrillId + "\n"), (run.ExitCode, run.Out));
        Assert.Equal(7200, (int)Parse(site.Bodies[1])["limit_seconds"]!);
        Assert.Equal(0, (await CommandRun.Of(site, "volume", "drill", "stop", DrillId, "--wait")).ExitCode);
    }

    [Fact]
    public async Task A_replica_comes_back_from_the_trash_and_goes_for_good_only_with_consent()
    {
        var item = new TrashRecord(ReplicationId, VolumeId, "data", 2, "south", "ssd", true, Noon, Noon, null);
        var site = new FakeSite()
            .On("GET /skerry/v1/replications/trash", Json(new TrashList([item]), SkerryJson.Default.TrashList))
            .On($"POST /skerry/v1/replications/trash/{ReplicationId}/restore", Json(
                new RecoveryReply(VolumeId, OperationId, "south", null), SkerryJson.Default.RecoveryReply))
            .On($"DELETE /skerry/v1/replications/trash/{ReplicationId}", Json(
                new RecoveryReply(VolumeId, OperationId, "south", null), SkerryJson.Default.RecoveryReply))
            .On($"GET /skerry/v1/operations/{OperationId}", Reply(AnOperation("succeeded")));
        var list = await CommandRun.Of(site, "replication", "trash", "list", "-f", "value", "-c", "id");
        Assert.Equal((0, ReplicationId + "\n"), (list.ExitCode, list.Out));
        var restored = await CommandRun.Of(site, "replication", "trash", "restore", ReplicationId, "--name", "again", "--wait");
        Assert.Equal(0, restored.ExitCode);
        Assert.Equal("again", (string)Parse(site.Bodies[1])["name"]!);
        Assert.Contains(VolumeId, restored.Error);
        Assert.Equal(1, (await new Terminal { Site = site, Typed = "n\n" }.RunAsync("replication", "trash", "purge", ReplicationId)).ExitCode);
        Assert.DoesNotContain(site.Requests, r => r.StartsWith("DELETE", StringComparison.Ordinal));
        Assert.Equal(0, (await CommandRun.Of(site, "replication", "trash", "purge", ReplicationId, "--yes")).ExitCode);
    }

    [Fact]
    public async Task Connect_prints_the_uri_alone()
    {
        const string Uri = "nbd://127.0.0.1:10809/secret";
        var site = new FakeSite()
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()))
            .On($"POST /skerry/v1/volumes/{VolumeId}/connections", Json(
                new ConnectionReply(new ConnectionRecord("c1", VolumeId, null, "north", true, null, Uri, Noon)), SkerryJson.Default.ConnectionReply));
        var run = await CommandRun.Of(site, "volume", "connect", VolumeId, "--read-only");
        Assert.Equal((0, Uri + "\n"), (run.ExitCode, run.Out));
        Assert.True((bool)Parse(site.Bodies[1])["read_only"]!);
    }

    [Fact]
    public async Task A_conflict_is_named_in_one_segment_of_the_path()
    {
        var site = new FakeSite().On($"POST /skerry/v1/conflicts/volume%2F{VolumeId}%2Fname/resolve", "");
        var run = await CommandRun.Of(site, "conflict", "resolve", $"volume/{VolumeId}/name", "--value", "database");
        Assert.Equal((0, ""), (run.ExitCode, run.Out));
        Assert.Equal("database", (string)Parse(site.Bodies[0])["value"]!);
    }
}
