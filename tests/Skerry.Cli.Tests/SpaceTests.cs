using System.Text.Json;
using Skerry.Client.Native.Wire;
using static Skerry.Cli.Tests.Samples;

namespace Skerry.Cli.Tests;

public sealed class SpaceTests
{
    private const string Result =
        """{"allocated_bytes":40960,"exclusive_bytes":20480,"shared_bytes":24576,"head_bytes":8192,"snapshots":[{"id":"old","exclusive_bytes":4096}],"is_complete":true}""";

    [Fact]
    public async Task Usage_waits_for_the_site_that_holds_the_copy_and_shows_what_it_found()
    {
        var done = AnOperation("succeeded") with { Kind = "volume.usage", Result = JsonDocument.Parse(Result).RootElement };
        var run = await CommandRun.Of(Site(), "volume", "usage", VolumeId, "--site", "south", "-f", "json");
        Assert.Equal(0, run.ExitCode);
        var shown = Parse(run.Out);
        Assert.Equal((40_960, "south"), ((int)shown["allocated_bytes"]!, (string?)shown["site"]));
        Assert.Equal(4096, (int)shown["snapshots"]![0]!["exclusive_bytes"]!);
        Assert.Contains("old=4096", (await CommandRun.Of(Site(), "volume", "usage", VolumeId, "--site", "south")).Out);

        FakeSite Site() => new FakeSite()
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()))
            .On($"POST /skerry/v1/volumes/{VolumeId}/usage", Reply(AVolume(), OperationId))
            .On($"GET /skerry/v1/operations/{OperationId}", Reply(AnOperation("queued")))
            .On($"GET /skerry/v1/operations/{OperationId}?wait=20", Reply(done));
    }

    [Fact]
    public async Task Backends_are_listed_for_all_sites_and_shown_by_name_or_site()
    {
        Assert.Equal("north ssd above_80_percent\nsouth ssd full\n", (await RunAsync("list", "-f", "value", "-c", "site", "-c", "name", "-c", "fullness")).Out);
        Assert.Equal("south\n", (await RunAsync("show", "south@ssd", "-f", "value", "-c", "site")).Out);
        var unclear = await RunAsync("show", "ssd");
        Assert.Equal(2, unclear.ExitCode);
        Assert.Contains("north@ssd", unclear.Error);
        Assert.Equal(3, (await RunAsync("show", "tape")).ExitCode);

        static Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.Of(
            new FakeSite().On(
                "GET /skerry/v1/sites",
                Json(new SiteList([With("north", "above_80_percent", 9), With("south", "full", 0)]), SkerryJson.Default.SiteList)),
            ["backend", .. arguments]);

        static SiteRecord With(string name, string fullness, long free) =>
            ASite(name) with { Backends = [new BackendRecord("ssd", "native", 50, free, 41, Noon, 30, 11, fullness)] };
    }
}
