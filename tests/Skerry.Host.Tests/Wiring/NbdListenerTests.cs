using Microsoft.Extensions.Logging.Abstractions;
using Skerry.Blocks;
using Skerry.Blocks.Nbd;
using Skerry.Host.Configuration;
using Skerry.Host.Wiring;
using Skerry.Sync.Transport;
using Skerry.TestKit.Processes;

namespace Skerry.Host.Tests.Wiring;

/// <summary>Volumes served as the configuration says, to the stock client.</summary>
public sealed class NbdListenerTests : IAsyncLifetime, INbdExports
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("skerry-nbd-host-");
    private BlockStore _store = null!;
    private BlockVolume _volume = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = Path.Combine(_root.FullName, "store") }, None);
        _volume = await _store.CreateAsync("v", 1 << 20, None);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _root.Delete(recursive: true);
    }

    [Fact]
    public async Task The_sites_own_certificate_serves_clients_that_trust_it_over_tcp_and_a_socket()
    {
        Assert.SkipUnless(ProgramRun.Exists("nbdinfo"), "nbdinfo (libnbd-bin) is not installed");
        using var certificate = SiteCertificate.LoadOrCreate(_root.FullName, "north", [], TimeProvider.System);
        var pki = _root.CreateSubdirectory("pki").FullName;
        await File.WriteAllTextAsync(Path.Combine(pki, "ca-cert.pem"), certificate.Pem, None);
        var socket = Path.Combine(_root.FullName, "nbd.sock");
        await using var listener = Listener(certificate, "nbd_tls = require", $"nbd_socket = {socket}");
        await listener.StartAsync(None);

        Assert.Equal("nbds", listener.Scheme);
        Assert.Equal("1048576", (await Nbdinfo($"nbds://localhost:{listener.Port}/v?tls-certificates={pki}")).Require().Output.Trim());
        Assert.Equal("1048576", (await Nbdinfo($"nbds+unix://localhost/v?socket={socket}&tls-certificates={pki}")).Require().Output.Trim());
        Assert.NotEqual(0, (await Nbdinfo($"nbd://localhost:{listener.Port}/v")).ExitCode);
        await listener.StopAsync(None);
        Assert.False(File.Exists(socket));
    }

    [Fact]
    public void Where_tls_is_off_or_only_offered_on_loopback_uris_are_plain()
    {
        using var certificate = SiteCertificate.CreateInMemory("north", TimeProvider.System);
        Assert.Equal("nbd", Listener(certificate).Scheme);
        Assert.Equal("nbd", Listener(certificate, "nbd_tls = on").Scheme);
        Assert.Equal("nbds", Listener(certificate, "nbd_listen = 0.0.0.0:0").Scheme);
    }

    [Fact]
    public async Task A_certificate_that_cannot_be_used_is_named_with_its_setting()
    {
        using var certificate = SiteCertificate.CreateInMemory("north", TimeProvider.System);
        var missing = Assert.Throws<StartException>(() => Listener(certificate, "nbd_tls = on", "nbd_tls_client_ca = /nowhere/ca.pem"));
        Assert.Contains("nbd_tls_client_ca = /nowhere/ca.pem", missing.Message, StringComparison.Ordinal);
        var empty = Path.Combine(_root.FullName, "empty.pem");
        await File.WriteAllTextAsync(empty, "nothing here\n", None);
        var wrong = Assert.Throws<StartException>(() =>
            Listener(certificate, "nbd_tls = on", $"nbd_tls_certificate = {empty}", $"nbd_tls_key = {empty}"));
        Assert.Contains("nbd_tls_certificate", wrong.Message, StringComparison.Ordinal);
    }

    public ValueTask<NbdExport?> OpenAsync(string exportName, NbdPeer peer, CancellationToken cancellationToken) =>
        new(exportName == "v" ? new NbdExport { Device = _volume, Label = "v" } : null);

    private static Task<ProgramRun> Nbdinfo(string uri) => ProgramRun.RunAsync("nbdinfo", ["--size", uri], TimeSpan.FromSeconds(20), None);

    private NbdListener Listener(SiteCertificate certificate, params string[] settings)
    {
        var listen = settings.Any(s => s.StartsWith("nbd_listen", StringComparison.Ordinal)) ? "" : "nbd_listen = 127.0.0.1:0\n";
        var (site, mistakes) = ConfigurationReader.Read(
            $"[site]\nname = north\ndata_dir = {_root.FullName}\n{listen}{string.Join('\n', settings)}\n[ssd]\nvolume_driver = native\n",
            new Dictionary<string, string>(),
            new Dictionary<string, string>());
        Assert.Empty(mistakes);
        return new NbdListener(site!, certificate, this, NullLogger.Instance);
    }
}
