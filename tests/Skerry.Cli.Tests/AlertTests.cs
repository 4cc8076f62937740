using Skerry.Client.Native.Wire;
using static Skerry.Cli.Tests.Samples;

namespace Skerry.Cli.Tests;

public sealed class AlertTests
{
    private static readonly AlertRecord Drift = new(
        "clock.drift:ab", "clock.drift", "warning", "ab", "south", Noon, "The clock of site south is off.", ["2 s", "3 s"], "Set it.");

    [Fact]
    public async Task The_table_says_what_is_so_and_show_what_to_do()
    {
        var site = new FakeSite()
            .On("GET /skerry/v1/alerts", Json(new AlertList([Drift]), SkerryJson.Default.AlertList))
            .On("GET /skerry/v1/alerts/clock.drift%3Aab", Json(new AlertReply(Drift), SkerryJson.Default.AlertReply));
        var list = await CommandRun.Of(site, "alert", "list");
        Assert.Equal(0, list.ExitCode);
        Assert.Contains("The clock of site south is off.", list.Out);

        var show = await CommandRun.Of(site, "alert", "show", "clock.drift:ab", "-f", "value", "-c", "next_step", "-c", "severity");
        Assert.Equal((0, "Set it.\nwarning\n"), (show.ExitCode, show.Out));
    }
}
