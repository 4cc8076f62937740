using Skerry.Host.Configuration;

namespace Skerry.Host.Tests.Configuration;

/// <summary>The sections [link SITE].</summary>
public sealed class LinkSectionTests
{
    private const string Small = "[site]\nname = north\ndata_dir = /srv/skerry\n";

    [Fact]
    public void A_link_differs_from_the_others_in_what_its_section_says()
    {
        var (site, mistakes) = Read(
            "[sync]\nSYNC_DELTA = 60\nbandwidth = 1MB/s\n[link ship-1]\nSYNC_DELTA = 900\nbandwidth = 20KiB/s\n[link hub]\nSYNC_MAX = 7\nbandwidth = unlimited\ncompress = no\n");
        Assert.Empty(mistakes);
        var (ship, hub, other) = (site!.Sync.For("ship-1"), site.Sync.For("hub"), site.Sync.For("elsewhere"));

        Assert.Equal((900.0, 1000, 20480L, true), (ship.SyncDelta.TotalSeconds, ship.SyncMax, ship.BandwidthBytesPerSecond, ship.Compress));
        Assert.Equal((60.0, 7, false), (hub.SyncDelta.TotalSeconds, hub.SyncMax, hub.Compress));
        Assert.Equal(Skerry.Sync.SyncOptions.Unlimited, hub.BandwidthBytesPerSecond);
        Assert.Equal((60.0, 1000, 1_000_000L), (other.SyncDelta.TotalSeconds, other.SyncMax, other.BandwidthBytesPerSecond));
        Assert.Empty(hub.Validate());
        Assert.Empty(ship.Validate());
    }

    [Theory]
    [InlineData("[link north]\nSYNC_MAX = 1\n", "names this site itself", 4)]
    [InlineData("[link On Shore]\nSYNC_MAX = 1\n", "'On Shore' is not a site name", 4)]
    [InlineData("[link hub]\nSYNC_MAX = 0\n", "not a whole number from 1", 5)]
    [InlineData("[link hub]\nbandwidth = 12\n", "write a rate such as 200KB/s", 5)]
    [InlineData("[link hub]\nbandwidth = 10B/s\n", "less than 1KiB/s", 5)]
    [InlineData("[link hub]\nbandwith = 10KB/s\n", "did you mean 'bandwidth'", 5)]
    public void A_mistake_is_told_with_its_line(string text, string expected, int line)
    {
        var (site, mistakes) = Read(text);

        Assert.Null(site);
        var mistake = Assert.Single(mistakes);
        Assert.Contains(expected, mistake.ToString(), StringComparison.Ordinal);
        Assert.Contains($"line {line}", mistake.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_is_set_from_the_environment_too()
    {
        var (site, mistakes) = ConfigurationReader.Read(
            Small, new Dictionary<string, string> { ["SKERRY_LINK_SHIP_1__BANDWIDTH"] = "5KB/s", ["SKERRY_LINK_SHIP_1__SYNC_DELTA"] = "7" }, new Dictionary<string, string>());

        Assert.Empty(mistakes);
        Assert.Equal((5000L, 7.0), (site!.Sync.For("ship-1").BandwidthBytesPerSecond, site.Sync.For("ship-1").SyncDelta.TotalSeconds));
    }

    private static (SiteConfiguration? Site, IReadOnlyList<ConfigurationMistake> Mistakes) Read(string text) =>
        ConfigurationReader.Read(Small + text, new Dictionary<string, string>(), new Dictionary<string, string>());
}
