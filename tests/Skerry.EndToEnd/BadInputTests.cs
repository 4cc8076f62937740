using System.Net;
using System.Net.Sockets;
using Skerry.Demo;
using Skerry.TestKit.Processes;

namespace Skerry.EndToEnd;

/// <summary>What goes wrong at a start or on the command line: a clear message, the right exit code, nothing half done.</summary>
public sealed class BadInputTests(BadInputTests.OneCloud cloud) : IClassFixture<BadInputTests.OneCloud>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Stage Stage => cloud.Stage;

    [Fact]
    public async Task A_wrong_configuration_reports_every_mistake_with_its_line()
    {
        var path = Stage.PathOf("wrong.conf");
        await File.WriteAllTextAsync(path, "[site]\nnme = x\nrole = boss\n[sync]\nSYNC_MAX = none\n", Cancellation);
        var run = await ProgramRun.RunAsync(Stage.Program("skerryd"), ["check", "--config", path], TimeSpan.FromSeconds(20), Cancellation);
        Assert.Equal(2, run.ExitCode);
        foreach (var expected in new[] { "line 2", "line 3", "line 5", "'name'", "'data_dir'" })
        {
            Assert.Contains(expected, run.Errors);
        }
    }

    [Fact]
    public async Task A_configuration_file_that_is_missing_is_named()
    {
        var run = await ProgramRun.RunAsync(Stage.Program("skerryd"), ["--config", "/nowhere/skerry.conf"], TimeSpan.FromSeconds(20), Cancellation);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("/nowhere/skerry.conf", run.Errors);
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_the_setting_to_change()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var run = await StartAsync(Stage.PathOf("port-in-use"), apiPort: port);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"{port}", run.Errors);
        Assert.Contains("listen", run.Errors);
        Assert.DoesNotContain("   at ", run.Errors);
    }

    [Fact]
    public async Task A_data_directory_that_cannot_be_written_is_named()
    {
        var file = Stage.PathOf("a-file");
        await File.WriteAllTextAsync(file, "", Cancellation);
        var run = await StartAsync(Path.Combine(file, "below"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("data_dir", run.Errors);
        Assert.DoesNotContain("   at ", run.Errors);
    }

    [Fact]
    public async Task A_second_daemon_on_one_data_directory_is_refused()
    {
        var run = await StartAsync(Stage.North.DataDirectory);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("in use by another skerryd", run.Errors);
    }

    [Theory]
    [InlineData(2, "size", "volume", "create", "v", "--size", "0")]
    [InlineData(4, "", "volume", "create", "v", "--size", "900000")]
    [InlineData(3, "atlantis", "volume", "create", "v", "--size", "1", "--site", "atlantis")]
    [InlineData(3, "no-such-volume", "volume", "show", "no-such-volume")]
    [InlineData(2, "", "volume", "create")]
    [InlineData(2, "", "volume", "dance")]
    [InlineData(4, "south", "replication", "create", "solid", "--to", "south", "--mode", "instant")]
    [InlineData(3, "atlantis", "replication", "create", "solid", "--to", "atlantis", "--mode", "instant")]
    [InlineData(3, "rust", "replication", "create", "solid", "--to", "south@rust", "--mode", "instant")]
    [InlineData(2, "mode", "replication", "create", "solid", "--to", "south", "--mode", "sometimes")]
    [InlineData(4, "primary", "volume", "promote", "solid")]
    [InlineData(4, "primary", "volume", "resync", "solid", "--to", "north")]
    [InlineData(2, "invitation", "site", "join", "not-an-invitation")]
    public async Task A_bad_command_gets_its_exit_code_and_a_message(int exitCode, string named, params string[] arguments)
    {
        var before = (await Stage.North.JsonAsync(Cancellation, "volume", "list")).GetArrayLength();
        var run = await Stage.North.SkerryAsync(Cancellation, arguments);
        Assert.True(run.ExitCode == exitCode, $"{run.CommandLine}: exit code {run.ExitCode}, not {exitCode}: {run.Errors}{run.Output}");
        Assert.Contains(named, run.Errors, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(before, (await Stage.North.JsonAsync(Cancellation, "volume", "list")).GetArrayLength());
    }

    [Fact]
    public async Task A_used_invitation_is_refused()
    {
        var token = (await Stage.Hub.JsonAsync(Cancellation, "site", "invite", "--address", $"127.0.0.1:{Stage.Hub.SyncPort}"))
            .GetProperty("token").GetString()!;
        (await Stage.North.SkerryAsync(Cancellation, "site", "join", token)).Require();
        var again = await Stage.South.SkerryAsync(Cancellation, "site", "join", token);
        Assert.Equal(4, again.ExitCode);
        Assert.Contains("used", again.Errors);
    }

    [Fact]
    public async Task A_volume_over_quota_is_refused_with_the_quota_named()
    {
        (await Stage.North.SkerryAsync(Cancellation, "quota", "set", "admin", "--gigabytes", "5")).Require();
        try
        {
            var run = await Stage.North.SkerryAsync(Cancellation, "volume", "create", "big", "--size", "6");
            Assert.Equal(4, run.ExitCode);
            Assert.Contains("gigabytes", run.Errors);
        }
        finally
        {
            (await Stage.North.SkerryAsync(Cancellation, "quota", "set", "admin", "--gigabytes", "1000")).Require();
        }
    }

    [Fact]
    public async Task An_export_that_does_not_exist_is_refused_by_the_nbd_server()
    {
        var uri = new Uri((await Stage.North.SkerryAsync(Cancellation, "volume", "connect", "solid")).Require().Output.Trim());
        var run = await ProgramRun.RunAsync(
            "nbdinfo", [$"nbd://{uri.Host}:{uri.Port}/{cloud.VolumeId}"], TimeSpan.FromSeconds(20), Cancellation);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("export", run.Errors, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_peer_with_a_foreign_certificate_gets_nowhere()
    {
        var key = Stage.PathOf("foreign.key");
        var certificate = Stage.PathOf("foreign.crt");
        (await Stage.RunAsync(
            "openssl", Cancellation, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
            "-subj", "/CN=stranger", "-keyout", key, "-out", certificate)).Require();
        var run = await Stage.RunAsync(
            "curl", Cancellation, "-sk", "-o", "/dev/null", "-w", "%{http_code}", "--cert", certificate, "--key", key,
            $"https://127.0.0.1:{Stage.North.SyncPort}/sync");
        Assert.Equal("403", run.Output);
        Assert.Contains("certificate", await File.ReadAllTextAsync(Stage.North.Daemon.LogPath, Cancellation));
    }

    [Fact]
    public async Task A_site_that_does_not_answer_is_exit_code_5_with_its_address()
    {
        var environment = Stage.North.Environment;
        environment["OS_AUTH_URL"] = "http://127.0.0.1:1/identity/v3";
        var run = await ProgramRun.RunAsync(Stage.Program("skerry"), ["volume", "list"], TimeSpan.FromSeconds(30), Cancellation, environment);
        Assert.Equal(5, run.ExitCode);
        Assert.Contains("127.0.0.1:1", run.Errors);
    }

    [Fact]
    public async Task A_wrong_password_is_exit_code_6()
    {
        var environment = Stage.North.Environment;
        environment["OS_PASSWORD"] = "wrong";
        var run = await ProgramRun.RunAsync(Stage.Program("skerry"), ["volume", "list"], TimeSpan.FromSeconds(30), Cancellation, environment);
        Assert.Equal(6, run.ExitCode);
    }

    private async Task<ProgramRun> StartAsync(string dataDirectory, int apiPort = 0)
    {
        var ports = FreePort.Take(3);
        var path = Stage.PathOf($"{Guid.NewGuid():n}.conf");
        await File.WriteAllTextAsync(path, $"""
            [site]
            name = stray
            data_dir = {dataDirectory}
            listen = http://127.0.0.1:{(apiPort == 0 ? ports[0] : apiPort)}
            sync_listen = 127.0.0.1:{ports[1]}
            nbd_listen = 127.0.0.1:{ports[2]}
            """, Cancellation);
        return await ProgramRun.RunAsync(Stage.Program("skerryd"), ["--config", path], TimeSpan.FromSeconds(30), Cancellation);
    }

    /// <summary>Three joined sites and one volume, which no case changes.</summary>
    public sealed class OneCloud : IAsyncLifetime
    {
        public Stage Stage { get; } = Stage.Open();

        public string VolumeId { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            await Skerry.Demo.Steps.JoinStep.StartJoinedAsync(Stage, CancellationToken.None);
            var volume = await Stage.North.JsonAsync(CancellationToken.None, "volume", "create", "solid", "--size", "1", "--site", "north", "--wait");
            VolumeId = volume.GetProperty("id").GetString()!;
            await Stage.North.JsonAsync(CancellationToken.None, "replication", "create", VolumeId, "--to", "south", "--mode", "instant", "--wait");
        }

        public ValueTask DisposeAsync() => Stage.DisposeAsync();
    }
}
