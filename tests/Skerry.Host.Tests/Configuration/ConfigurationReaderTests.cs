using Skerry.Host.Configuration;
using Skerry.Movers.Native;

namespace Skerry.Host.Tests.Configuration;

public sealed class ConfigurationReaderTests
{
    private const string Small = """
        [site]
        name = north
        data_dir = /srv/skerry

        [ssd]
        volume_driver = native
        """;

    private static readonly Dictionary<string, string> Nothing = [];

    [Fact]
    public void A_small_file_gets_the_documented_defaults()
    {
        var site = Read(Small);
        Assert.Equal("north", site.Region);
        Assert.Equal("edge", site.Role);
        Assert.Equal(TimeSpan.FromSeconds(180), site.Sync.SyncDelta);
        Assert.Equal(1000, site.Sync.SyncMax);
        Assert.Equal(TimeSpan.Zero, site.ClockOffset);
        Assert.Equal("/srv/skerry/state.db", site.Store.SqlitePath);
        var backend = Assert.Single(site.Backends);
        Assert.Equal(("ssd", "native", "/srv/skerry/backends/ssd"), (backend.Name, backend.Driver, backend.Directory));
    }

    [Fact]
    public void What_transfers_may_take_is_read_with_its_times_of_day()
    {
        var limits = Read(Small + "\n[replication]\nbandwidth = 08:00-18:00 10MB/s, 22:00 - 24:00 unlimited, else 1.5MiB/s\ntransfers_at_once = 2\ncompress = no\n").Transfers;
        Assert.Equal((2, Packing.Never), (limits.TransfersAtOnce, limits.Packing));
        Assert.Equal(10_000_000, limits.Bandwidth.At(new TimeOnly(8, 0)));
        Assert.Null(limits.Bandwidth.At(new TimeOnly(23, 0)));
        Assert.Equal(3 << 19, limits.Bandwidth.At(new TimeOnly(0, 0)));
        var small = Read(Small).Transfers;
        Assert.Equal((4, Packing.WhenQuicker, false), (small.TransfersAtOnce, small.Packing, small.PaceWriters));
        Assert.Equal(Packing.Always, Read(Small + "\n[replication]\ncompress = yes\n").Transfers.Packing);
        Assert.Equal(Packing.WhenQuicker, Read(Small + "\n[replication]\ncompress = auto\n").Transfers.Packing);
        Assert.Null(small.Bandwidth.At(new TimeOnly(12, 0)));
        Assert.Equal(50_000_000, Read(Small + "\n[replication]\nbandwidth = 50MB/s\n").Transfers.Bandwidth.At(new TimeOnly(12, 0)));
    }

    [Theory]
    [InlineData("fast", "is not understood")]
    [InlineData("1KB/s", "64KiB/s")]
    [InlineData("25:00-26:00 1MB/s", "holds a time that is none")]
    [InlineData("else 1MB/s, 08:00-09:00 2MB/s", "would never hold")]
    public void A_bandwidth_that_cannot_be_is_told_with_its_line(string bandwidth, string message)
    {
        var (site, mistakes) = ConfigurationReader.Read(Small + $"\n[replication]\n\nbandwidth = {bandwidth}\n", Nothing, Nothing);
        Assert.Null(site);
        var mistake = Assert.Single(mistakes);
        Assert.Contains(message, mistake.Message, StringComparison.Ordinal);
        Assert.Contains("9", mistake.Origin, StringComparison.Ordinal);
    }

    [Fact]
    public void The_example_of_the_design_is_read_with_its_comments()
    {
        var (site, mistakes) = ConfigurationReader.Read("""
            [site]
            name = edge-1                    # also the availability zone
            region = edge-1
            role = edge                      # or hub
            data_dir = /var/lib/skerry
            listen = https://0.0.0.0:8776    # plain http only on loopback
            sync_listen = 0.0.0.0:8777
            nbd_listen = 127.0.0.1:10809
            [identity]
            admin_password = a#b
            [sync]
            peers = https://hub.example:8776
            SYNC_DELTA = 180
            SYNC_MAX = 1000
            CLOCK_OFFSET = 0.0               # seconds
            [store]
            url = sqlite:state.db            # or redis://host:6379
            [ssd]
            volume_driver = native
            valid_replication_devices = 'backend=edge-2@ssd',
                'backend=edge-3@ssd'
            """, Nothing, Nothing);
        Assert.Empty(mistakes);
        Assert.Equal("a#b", site!.AdminPassword);
        Assert.Equal(["hub.example:8776"], site.Peers);
        Assert.Equal(["edge-2@ssd", "edge-3@ssd"], site.Backends[0].ReplicationTargets);
    }

    [Fact]
    public void Every_mistake_is_reported_at_once_with_its_line()
    {
        var mistakes = Mistakes("""
            [site]
            name = North!
            roll = hub
            data_dir = relative
            listen = http://0.0.0.0:8776
            [sync]
            SYNC_DELTA = soon
            SYNC_MAX = 0
            [odd]
            color = blue
            [ssd]
            volume_driver = magnetic
            nonsense
            """);
        Assert.Equal(
            ["line 2", "line 3", "line 4", "line 5", "line 7", "line 8", "line 9", "line 12", "line 13"],
            mistakes.Select(m => m.Origin).OrderBy(o => int.Parse(o[5..])));
        Assert.Contains("did you mean 'role'", mistakes.Single(m => m.Origin == "line 3").Message);
        Assert.Contains("insecure = true", mistakes.Single(m => m.Origin == "line 5").Message);
    }

    [Fact]
    public void Volumes_are_served_in_the_clear_on_loopback_and_by_tls_anywhere_else()
    {
        Assert.Equal(NbdTlsMode.Off, Read(Small).Nbd.Tls);
        Assert.Equal(NbdTlsMode.Require, Read(WithNbd("nbd_listen = 0.0.0.0:10809")).Nbd.Tls);
        Assert.Equal(NbdTlsMode.Off, Read(WithNbd("nbd_listen = 0.0.0.0:10809", "nbd_tls = off", "insecure = true")).Nbd.Tls);
        foreach (var mode in new[] { "off", "on" })
        {
            var mistake = Assert.Single(Mistakes(WithNbd("nbd_listen = 0.0.0.0:10809", $"nbd_tls = {mode}")));
            Assert.Equal("line 6", mistake.Origin);
            Assert.Contains("insecure = true", mistake.Message);
        }
    }

    [Fact]
    public void How_volumes_are_served_is_read_whole()
    {
        var pin = new string('a', 64);
        var nbd = Read(WithNbd(
            "nbd_tls = require", "nbd_tls_certificate = /etc/a.pem", "nbd_tls_key = /etc/a.key", "nbd_tls_client_ca = /etc/ca.pem",
            $"nbd_tls_client_pins = {pin}, {string.Join(':', Enumerable.Repeat("BB", 32))}", "nbd_tls_clients = require",
            "nbd_socket = /run/skerry.sock", "nbd_max_connections = 7", "nbd_max_connections_per_export = 3", "nbd_idle_timeout = 90")).Nbd;
        Assert.Equal(("/etc/a.pem", "/etc/a.key", "/etc/ca.pem", "/run/skerry.sock"), (nbd.CertificateFile, nbd.KeyFile, nbd.ClientAuthorityFile, nbd.SocketPath));
        Assert.Equal([pin, new string('b', 64)], nbd.ClientPins);
        Assert.Equal((true, 7, 3, 90.0, true), (nbd.RequiresClientCertificate, nbd.MaxConnections, nbd.MaxConnectionsPerExport, nbd.IdleTimeout!.Value.TotalSeconds, nbd.KnowsClients));
        var small = Read(Small).Nbd;
        Assert.Equal((false, 512, 64, null, false), (small.RequiresClientCertificate, small.MaxConnections, small.MaxConnectionsPerExport, small.IdleTimeout, small.KnowsClients));
    }

    [Fact]
    public void Settings_of_tls_that_do_not_go_together_are_each_named()
    {
        var mistakes = Mistakes(WithNbd(
            "nbd_tls = on", "nbd_tls_certificate = /etc/a.pem", "nbd_tls_client_pins = abc", "nbd_tls_clients = require", "nbd_socket = run.sock", "nbd_idle_timeout = never"));
        Assert.Equal(
            ["line 6", "line 7", "line 8", "line 8", "line 9", "line 10"],
            mistakes.Select(m => m.Origin).OrderBy(o => int.Parse(o[5..])));
        Assert.Contains("at most 107", Assert.Single(Mistakes(WithNbd($"nbd_socket = /run/{new string('x', 120)}"))).Message);
        Assert.Contains("has no effect", Assert.Single(Mistakes(WithNbd("nbd_tls_client_ca = /etc/ca.pem"))).Message);
    }

    private static string WithNbd(params string[] lines) => Small.Replace("[ssd]", $"{string.Join('\n', lines)}\n\n[ssd]", StringComparison.Ordinal);

    [Fact]
    public void A_missing_required_setting_names_its_section()
    {
        var mistakes = Mistakes("[site]\nregion = x\n");
        Assert.Contains(mistakes, m => m.Origin == "line 1" && m.Message.Contains("'name'"));
        Assert.Contains(mistakes, m => m.Message.Contains("'data_dir'"));
    }

    [Fact]
    public void The_environment_goes_before_dotenv_which_goes_before_the_file()
    {
        var (site, mistakes) = ConfigurationReader.Read(
            Small + "\n[sync]\nSYNC_DELTA = 1\nSYNC_MAX = 10\n[back-up]\nvolume_driver = native\n",
            new Dictionary<string, string> { ["SYNC_DELTA"] = "3", ["SKERRY_SITE__NAME"] = "south", ["SKERRY_BACK_UP__CAPACITY_GIB"] = "4", ["HOME"] = "/" },
            new Dictionary<string, string> { ["SYNC_DELTA"] = "2", ["SYNC_MAX"] = "20" });
        Assert.Empty(mistakes);
        Assert.Equal((3.0, 20, "south"), (site!.Sync.SyncDelta.TotalSeconds, site.Sync.SyncMax, site.Name));
        Assert.Equal(4L << 30, site.Backends.Single(b => b.Name == "back-up").CapacityBytes);
    }

    [Fact]
    public void A_mistake_in_the_environment_names_the_variable()
    {
        var (_, mistakes) = ConfigurationReader.Read(
            Small, new Dictionary<string, string> { ["SYNC_MAX"] = "many", ["SKERRY_SITE__COLOR"] = "blue" }, Nothing);
        Assert.Contains(mistakes, m => m.Origin == "environment variable SYNC_MAX");
        Assert.Contains(mistakes, m => m.Origin == "environment variable SKERRY_SITE__COLOR");
    }

    [Fact]
    public void A_key_set_twice_names_both_lines()
    {
        var mistake = Assert.Single(Mistakes(Small + "\nvolume_driver = native\n"));
        Assert.Equal("line 7", mistake.Origin);
        Assert.Contains("line 6", mistake.Message);
    }

    [Fact]
    public void Dotenv_takes_export_and_quotes_and_names_a_bad_line()
    {
        List<ConfigurationMistake> mistakes = [];
        var variables = DotEnvFile.Parse("# c\nexport SYNC_DELTA=\"5\"\nSYNC_MAX='7'\nbad\n", mistakes);
        Assert.Equal(("5", "7"), (variables["SYNC_DELTA"], variables["SYNC_MAX"]));
        Assert.Equal(".env line 4", Assert.Single(mistakes).Origin);
    }

    private static SiteConfiguration Read(string text)
    {
        var (site, mistakes) = ConfigurationReader.Read(text, Nothing, Nothing);
        Assert.Empty(mistakes);
        return site!;
    }

    private static IReadOnlyList<ConfigurationMistake> Mistakes(string text)
    {
        var (site, mistakes) = ConfigurationReader.Read(text, Nothing, Nothing);
        Assert.Null(site);
        return mistakes;
    }
}
