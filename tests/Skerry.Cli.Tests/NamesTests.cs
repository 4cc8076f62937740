using System.Net;
using static Skerry.Cli.Tests.Samples;

namespace Skerry.Cli.Tests;

public sealed class NamesTests
{
    [Fact]
    public async Task An_id_is_asked_for_directly()
    {
        var site = new FakeSite().On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()));
        Assert.Equal(0, (await CommandRun.Of(site, "volume", "show", VolumeId)).ExitCode);
        Assert.Single(site.Requests);
    }

    [Fact]
    public async Task A_name_is_looked_up()
    {
        var site = new FakeSite().On("GET /skerry/v1/volumes?name=my%20data", Volumes(AVolume(name: "my data")));
        var run = await CommandRun.Of(site, "volume", "show", "my data", "-f", "value", "-c", "id");
        Assert.Equal([VolumeId], run.Lines);
    }

    [Fact]
    public async Task A_thing_may_be_named_like_an_id()
    {
        var site = new FakeSite()
            .On($"GET /skerry/v1/volumes/{OtherId}", HttpStatusCode.NotFound, Refusal(404, "not_found", "no"))
            .On($"GET /skerry/v1/volumes?name={OtherId}", Volumes(AVolume(name: OtherId)));
        var run = await CommandRun.Of(site, "volume", "show", OtherId, "-f", "value", "-c", "id");
        Assert.Equal([VolumeId], run.Lines);
    }

    [Fact]
    public async Task A_name_that_two_have_is_an_error_that_lists_both_ids()
    {
        var site = new FakeSite().On("GET /skerry/v1/volumes?name=data", Volumes(AVolume(), AVolume(OtherId)));
        var run = await CommandRun.Of(site, "volume", "delete", "data");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(VolumeId, run.Error);
        Assert.Contains(OtherId, run.Error);
        Assert.Single(site.Requests);
    }

    [Theory]
    [InlineData("volume", "/volumes?name=gone", "{\"volumes\": []}")]
    [InlineData("snapshot", "/snapshots?name=gone", "{\"snapshots\": []}")]
    [InlineData("replication", "/replications", "{\"replications\": []}")]
    [InlineData("site", "/sites", "{\"sites\": []}")]
    public async Task What_is_not_there_is_exit_code_3(string noun, string path, string answer)
    {
        var run = await CommandRun.Of(new FakeSite().On("GET /skerry/v1" + path, answer), noun, "show", "gone");
        Assert.Equal(3, run.ExitCode);
        Assert.Contains($"no {noun} with the name or id gone", run.Error);
    }

    [Fact]
    public async Task A_mistyped_name_among_several_deletes_nothing()
    {
        var site = new FakeSite()
            .On("GET /skerry/v1/volumes?name=data", Volumes(AVolume()))
            .On("GET /skerry/v1/volumes?name=dta", Volumes());
        Assert.Equal(3, (await CommandRun.Of(site, "volume", "delete", "data", "dta")).ExitCode);
        Assert.DoesNotContain(site.Requests, r => r.StartsWith("DELETE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_replication_is_found_by_its_volume()
    {
        var site = new FakeSite().On("GET /skerry/v1/replications", Replications(AReplication("active - secondary")));
        foreach (var wanted in (string[])[ReplicationId, VolumeId, "data"])
        {
            Assert.Equal(0, (await CommandRun.Of(site, "replication", "show", wanted)).ExitCode);
        }
    }

    [Fact]
    public async Task An_unknown_site_or_backend_is_named_with_those_there_are()
    {
        FakeSite Site() => new FakeSite()
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()))
            .On("GET /skerry/v1/sites", Sites("north", "south"));
        var site = await CommandRun.Of(Site(), "replication", "create", VolumeId, "--to", "atlantis");
        Assert.Equal(3, site.ExitCode);
        Assert.Contains("north, south", site.Error);
        var backend = await CommandRun.Of(Site(), "replication", "create", VolumeId, "--to", "south@rust");
        Assert.Equal(3, backend.ExitCode);
        Assert.Contains("It has ssd", backend.Error);
        var volume = await CommandRun.Of(Site(), "volume", "create", "v", "--size", "1", "--site", "atlantis");
        Assert.Equal(3, volume.ExitCode);
    }
}
