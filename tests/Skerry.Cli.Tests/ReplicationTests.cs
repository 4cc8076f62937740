using System.Net;
using Skerry.Client.Native.Wire;
using static Skerry.Cli.Tests.Samples;

namespace Skerry.Cli.Tests;

/// <summary>What is asked of a replication that stands, and of one that begins with data that is there.</summary>
public sealed class ReplicationTests
{
    private const string History = $"GET /skerry/v1/replications/{ReplicationId}/history";
    private const string Retarget = $"POST /skerry/v1/replications/{ReplicationId}/retarget";
    private const string Create = "POST /skerry/v1/replications";

    private static FakeSite Site() => new FakeSite()
        .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()))
        .On($"GET /skerry/v1/volumes/{OtherId}", Reply(AVolume() with { Id = OtherId, Name = "seed" }))
        .On("GET /skerry/v1/sites", Sites("north", "south", "west"))
        .On($"GET /skerry/v1/replications/{ReplicationId}", Reply(AReplication("active - secondary", lagBytes: 0)))
        .On("GET /skerry/v1/replications", Replications(AReplication("active - secondary")));

    [Fact]
    public async Task Its_history_is_told_newest_first_with_what_failed_and_why()
    {
        var site = Site().On(History, Json(
            new ReplicationHistory("north",
            [
                new TransferEntryRecord("source", "catch-up", "failed", "The disk is full.", Noon, Noon.AddSeconds(2.5), 2.5, 4096, 1024, 0, 0),
                new TransferEntryRecord("source", "first-copy", "done", null, Noon, Noon.AddSeconds(1), 1, 8192, 8192, 0, 0),
            ]),
            SkerryJson.Default.ReplicationHistory));
        var values = await CommandRun.Of(
            site, "replication", "history", "data", "-f", "value", "-c", "kind", "-c", "result", "-c", "moved_bytes", "-c", "seconds", "-c", "reason");
        Assert.Equal((0, "catch-up failed 1024 2.5 The disk is full."), (values.ExitCode, values.Lines[0]));
        Assert.StartsWith("first-copy done 8192 1", values.Lines[1], StringComparison.Ordinal);
        var json = await CommandRun.Of(site, "replication", "history", "data", "-f", "json");
        Assert.Equal("The disk is full.", (string?)Parse(json.Out)[0]!["reason"]);
        Assert.Contains("8.00 KiB", (await CommandRun.Of(site, "replication", "history", "data")).Out);
    }

    [Fact]
    public async Task A_site_that_saw_no_transfer_says_who_may_have()
    {
        var site = Site().On(History, Json(new ReplicationHistory("west", []), SkerryJson.Default.ReplicationHistory));
        var run = await CommandRun.Of(site, "replication", "history", "data", "-f", "json");
        Assert.Equal((0, "[]"), (run.ExitCode, run.Out.Trim()));
        Assert.Contains("Site west has seen no transfer of it. The source is north, the target south.", run.Error);
        Assert.Equal(3, (await CommandRun.Of(site, "replication", "history", "nothing")).ExitCode);
    }

    [Fact]
    public async Task A_replica_moves_to_the_site_and_backend_that_are_named()
    {
        var site = Site().On(Retarget, Reply(AReplication("waiting") with { TargetSite = "west" }));
        var run = await CommandRun.Of(site, "replication", "retarget", "data", "--to", "west@ssd", "-f", "value", "-c", "target_site", "-c", "status");
        Assert.Equal((0, "west\nwaiting\n"), (run.ExitCode, run.Out));
        Assert.Contains("""{"target_site":"west-id","target_backend":"ssd"}""", site.Bodies);
        var waited = await CommandRun.Of(site, "replication", "retarget", "data", "--to", "west", "--wait", "-f", "value", "-c", "status");
        Assert.Equal((0, "active - secondary\n"), (waited.ExitCode, waited.Out));
        Assert.Equal(3, (await CommandRun.Of(site, "replication", "retarget", "data", "--to", "atlantis")).ExitCode);

        var refusing = Site().On(Retarget, HttpStatusCode.Conflict, Refusal(409, "state", "Site south passes the volume on.", "Delete that first."));
        var refused = await CommandRun.Of(refusing, "replication", "retarget", "data", "--to", "west");
        Assert.Equal(4, refused.ExitCode);
        Assert.Contains("Delete that first.", refused.Error);
    }

    [Theory]
    [InlineData("--adopt " + OtherId, OtherId, "begins as a clone of seed")]
    [InlineData("--adopt", VolumeId, "What the copy of data at site south has and the volume has not is written over")]
    public async Task What_a_replica_takes_over_is_said_before_it_is_asked_for(string option, string adopted, string talk)
    {
        var site = Site().On(Create, HttpStatusCode.Created, Reply(AReplication("resyncing") with { AdoptFrom = adopted }));
        var run = await CommandRun.Of(
            site, ["replication", "create", VolumeId, "--to", "south", .. option.Split(' '), "-f", "value", "-c", "adopt_from"]);
        Assert.Equal((0, adopted + "\n"), (run.ExitCode, run.Out));
        Assert.Contains(talk, run.Error);
        Assert.Equal(adopted, (string?)Parse(site.Bodies[^1])["adopt"]);
    }

    [Fact]
    public async Task A_target_can_be_told_to_hold_ciphertext_only()
    {
        var site = Site().On(Create, HttpStatusCode.Created, Reply(AReplication("waiting") with { CiphertextOnly = true }));
        var run = await CommandRun.Of(
            site, "replication", "create", VolumeId, "--to", "south", "--ciphertext-only", "-f", "value", "-c", "ciphertext_only");
        Assert.Equal((0, "true\n"), (run.ExitCode, run.Out));
        Assert.True((bool?)Parse(site.Bodies[^1])["ciphertext_only"]);
    }

    [Fact]
    public async Task One_snapshot_can_be_shipped_at_a_time_to_come()
    {
        var site = Site().On(Create, HttpStatusCode.Created, Reply(AReplication("waiting")));
        Assert.Equal(0, (await CommandRun.Of(
            site, "replication", "create", VolumeId, "--to", "south", "--mode", "one-time", "--start", "2027-01-31T22:00")).ExitCode);
        Assert.StartsWith("2027-01-31T22:00:00", (string?)Parse(site.Bodies[^1])["start_at"], StringComparison.Ordinal);
    }
}
