using Skerry.Client.Native.Wire;
using static Skerry.Cli.Tests.Samples;

namespace Skerry.Cli.Tests;

public sealed class WaitTests
{
    private const string Poll = $"GET /skerry/v1/operations/{OperationId}?wait=20";

    [Fact]
    public async Task A_creation_is_followed_until_the_volume_is_there()
    {
        var site = new FakeSite()
            .On("POST /skerry/v1/volumes", Reply(AVolume(status: "creating"), OperationId))
            .On($"GET /skerry/v1/operations/{OperationId}", Reply(AnOperation("queued", "south is not reached")))
            .On(Poll, Reply(AnOperation("running")))
            .On(Poll, Reply(AnOperation("succeeded")))
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume(status: "creating")))
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()));
        var run = await CommandRun.Of(site, "volume", "create", "data", "--size", "2", "--wait", "-f", "value", "-c", "status");
        Assert.Equal((0, "available\n"), (run.ExitCode, run.Out));
        Assert.Contains("south is not reached", run.Error);
    }

    [Fact]
    public async Task Without_waiting_the_operation_to_follow_is_named()
    {
        var site = new FakeSite().On("POST /skerry/v1/volumes", Reply(AVolume(status: "creating"), OperationId));
        var run = await CommandRun.Of(site, "volume", "create", "data", "--size", "2", "-f", "value", "-c", "status");
        Assert.Equal((0, "creating\n"), (run.ExitCode, run.Out));
        Assert.Contains($"skerry operation wait {OperationId}", run.Error);
    }

    [Theory]
    [InlineData("failed")]
    [InlineData("expired")]
    [InlineData("discarded")]
    [InlineData("cancelled")]
    public async Task An_operation_that_did_not_succeed_is_exit_code_1_with_its_reason(string status)
    {
        var site = new FakeSite().On($"GET /skerry/v1/operations/{OperationId}", Reply(AnOperation(status, "the backend is full")));
        var run = await CommandRun.Of(site, "operation", "wait", OperationId);
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Contains(status, run.Error);
        Assert.Contains("the backend is full", run.Error);
    }

    [Fact]
    public async Task A_volume_that_ends_in_error_is_exit_code_1()
    {
        var site = new FakeSite()
            .On("POST /skerry/v1/volumes", Reply(AVolume(status: "creating")))
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume(status: "error", reason: "no space left")));
        var run = await CommandRun.Of(site, "volume", "create", "data", "--size", "2", "--wait");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("no space left", run.Error);
    }

    [Fact]
    public async Task The_end_of_the_time_is_exit_code_5_and_says_how_to_follow()
    {
        var site = new FakeSite()
            .On($"GET /skerry/v1/operations/{OperationId}", Reply(AnOperation("queued")))
            .Never(Poll);
        var run = await CommandRun.Of(site, "operation", "wait", OperationId, "--timeout", "1");
        Assert.Equal(5, run.ExitCode);
        Assert.Contains(OperationId, run.Error);
    }

    [Fact]
    public async Task A_replication_shows_its_transfer_until_the_replica_is_whole()
    {
        var transfer = new TransferRecord("first-copy", 2L << 30, 1L << 30, 0, 1L << 30, 0, 200 << 20, 5, Noon, null);
        var site = new FakeSite()
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()))
            .On("GET /skerry/v1/sites", Sites("north", "south"))
            .On("POST /skerry/v1/replications", Reply(AReplication("active - updating")))
            .On($"GET /skerry/v1/replications/{ReplicationId}", Reply(AReplication("active - updating", transfer)))
            .On($"GET /skerry/v1/replications/{ReplicationId}", Reply(AReplication("active - secondary", lagBytes: 0)));
        var run = await CommandRun.Of(site, "replication", "create", VolumeId, "--to", "south", "--wait", "-f", "json");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("first-copy 1.00 GiB of 2.00 GiB (50 %), 200 MiB/s, 5 s left", run.Error);
        var shown = Parse(run.Out);
        Assert.Equal("active - secondary", (string)shown["status"]!);
        Assert.Equal(8, (long)shown["target"]!["recovery_point"]!["number"]!);
        Assert.Equal("south-id", (string)Parse(site.Bodies[2])["target_site"]!);
    }

    [Fact]
    public async Task A_replication_in_error_says_why_and_what_helps()
    {
        var site = new FakeSite()
            .On("GET /skerry/v1/replications", Replications(AReplication("active - updating")))
            .On($"POST /skerry/v1/replications/{ReplicationId}/sync", Reply(AReplication("active - updating")))
            .On($"GET /skerry/v1/replications/{ReplicationId}", Reply(AReplication("error", reason: "south has no space", nextStep: "Free some.")));
        var run = await CommandRun.Of(site, "replication", "sync", "data", "--wait");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("south has no space", run.Error);
        Assert.Contains("Free some.", run.Error);
    }

    [Fact]
    public async Task A_sync_is_not_done_by_having_been_whole_before_it()
    {
        var before = AReplication("active - secondary", lagBytes: 0) with { Mode = "periodic" };
        var after = before with { Source = before.Source! with { LastSyncAt = Noon.AddSeconds(5) } };
        var site = new FakeSite()
            .On("GET /skerry/v1/replications", Replications(before))
            .On($"POST /skerry/v1/replications/{ReplicationId}/sync", Reply(before))
            .On($"GET /skerry/v1/replications/{ReplicationId}", Reply(before))
            .On($"GET /skerry/v1/replications/{ReplicationId}", Reply(after));
        var run = await CommandRun.Of(site, "replication", "sync", "data", "--wait", "-f", "value", "-c", "last_sync_at");
        Assert.Equal((0, "2026-11-21T12:00:05.000Z\n"), (run.ExitCode, run.Out));
    }

    [Fact]
    public async Task What_is_resumed_and_still_says_paused_is_waited_for()
    {
        var site = new FakeSite()
            .On("GET /skerry/v1/replications", Replications(AReplication("paused")))
            .On($"POST /skerry/v1/replications/{ReplicationId}/sync", Reply(AReplication("paused")))
            .On($"GET /skerry/v1/replications/{ReplicationId}", Reply(AReplication("paused")))
            .On($"GET /skerry/v1/replications/{ReplicationId}", Reply(AReplication("active - secondary", lagBytes: 4096)))
            .On($"GET /skerry/v1/replications/{ReplicationId}", Reply(AReplication("active - secondary", lagBytes: 0)));
        Assert.Equal(0, (await CommandRun.Of(site, "replication", "sync", "data", "--wait")).ExitCode);
    }

    [Fact]
    public async Task What_is_paused_meanwhile_is_not_waited_for()
    {
        var site = new FakeSite()
            .On("GET /skerry/v1/replications", Replications(AReplication("active - updating")))
            .On($"POST /skerry/v1/replications/{ReplicationId}/sync", Reply(AReplication("active - updating")))
            .On($"GET /skerry/v1/replications/{ReplicationId}", Reply(AReplication("paused") with { Paused = true }));
        var run = await CommandRun.Of(site, "replication", "sync", "data", "--wait");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("paused", run.Error);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task A_check_lists_the_bad_ranges_and_fails_when_one_was_not_healed(bool healed, int exitCode)
    {
        var result = System.Text.Json.JsonSerializer.SerializeToElement(
            new VolumeCheckResult(1 << 20, 4096, healed ? 4096 : 0, [new BadRangeRecord("kept", 8192, 4096, healed)]), SkerryJson.Default.VolumeCheckResult);
        var site = new FakeSite()
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()))
            .On($"POST /skerry/v1/volumes/{VolumeId}/check", Reply(AVolume(), OperationId))
            .On($"GET /skerry/v1/operations/{OperationId}", Reply(AnOperation("running")))
            .On(Poll, Reply(AnOperation("succeeded") with { Result = result }));
        var run = await CommandRun.Of(site, "volume", "check", VolumeId, "--wait", "-f", "value", "-c", "status");
        Assert.Equal((exitCode, "succeeded\n"), (run.ExitCode, run.Out));
        Assert.Contains("Bytes 8192 to 12288 of snapshot kept were bad", run.Error);
        Assert.Contains("1.00 MiB verified, 4.00 KiB bad", run.Error);
    }
}
