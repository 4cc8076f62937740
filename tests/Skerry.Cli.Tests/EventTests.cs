using Skerry.Client.Native.Wire;
using static Skerry.Cli.Tests.Samples;

namespace Skerry.Cli.Tests;

public sealed class EventTests
{
    private static readonly EventRecord Promoted = new("66666666-6666-4666-8666-666666666666", 7, "volume.promoted", Noon, "Volume data became primary.")
    {
        Site = "south",
        VolumeId = VolumeId,
        Generation = 2,
        Cause = "forced",
    };

    private static string Events => Json(new EventList([Promoted]), SkerryJson.Default.EventList);

    [Fact]
    public async Task Events_are_asked_for_by_kind_volume_and_moment()
    {
        var site = new FakeSite()
            .On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()))
            .On($"GET /skerry/v1/events/journal?kind=volume.promoted&volume_id={VolumeId}&since=2027-01-31T22%3A00%3A00.0000000Z", Events);
        var run = await CommandRun.Of(
            site, "event", "list", "--kind", "volume.promoted", "--volume", VolumeId, "--since", "2027-01-31T22:00", "-f", "value", "-c", "site", "-c", "cause", "-c", "generation");
        Assert.Equal((0, "south forced 2\n"), (run.ExitCode, run.Out));
    }

    [Fact]
    public async Task The_table_says_when_where_and_what()
    {
        var run = await CommandRun.Of(new FakeSite().On("GET /skerry/v1/events/journal", Events), "event", "list");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Volume data became primary.", run.Out);
        Assert.DoesNotContain("forced", run.Out);
    }

    [Theory]
    [InlineData("--kind", "volume.lost")]
    [InlineData("--since", "yesterday")]
    public async Task A_wrong_choice_is_told_before_the_site_is_asked(string option, string value)
    {
        var run = await CommandRun.Of(new FakeSite(), "event", "list", option, value);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(value, run.Error);
    }
}
