using Skerry.Client.Native.Wire;
using static Skerry.Cli.Tests.Samples;

namespace Skerry.Cli.Tests;

public sealed class QuotaTests
{
    [Fact]
    public async Task A_hard_quota_is_shown_with_the_shares_of_sites()
    {
        var quota = new QuotaRecord("p1", "hard", "north", [new("volumes", 10, 4, 0, [new("north", 7, 3, 4), new("south", 3, 1, 2)])]);
        var site = new FakeSite().On("GET /skerry/v1/quotas/p1", Json(new QuotaReply(quota), SkerryJson.Default.QuotaReply));
        var path = await CommandRun.Of(site, "quota", "show", "-f", "value", "-c", "mode", "-c", "limit", "-c", "shares");
        Assert.Equal((0, "hard 10 north 3/7, south 1/3\n"), (path.ExitCode, path.Out));
    }
}
