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

    [Fact]
    public async Task A_planned_one_asks_for_no_preview()
    {
        var site = Site();
        Assert.Equal(0, (await CommandRun.Of(site, "volume", "failover", VolumeId, "--drain")).ExitCode);
        Assert.Equal(Commit, site.Requests[1]);
        Assert.True((bool)Parse(site.Bodies[1])["drain"]!);
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
