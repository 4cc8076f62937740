using System.Text.Json;
using Skerry.TestKit.Processes;

namespace Skerry.Demo;

/// <summary>One site: a real <c>skerryd</c> with its own configuration file, data directory and ports, and the command line to it.</summary>
public sealed class DemoSite(Stage stage, string name, string role, int apiPort, int syncPort, int nbdPort) : IAsyncDisposable
{
    private RunningProgram? _daemon;

    public string Name { get; } = name;

    public int SyncPort { get; } = syncPort;

    public Uri Api { get; } = new($"http://127.0.0.1:{apiPort}");

    public string DataDirectory => stage.PathOf(Name);

    public string ConfigurationPath => stage.PathOf($"{Name}.conf");

    public bool HasStarted => _daemon is not null;

    public bool IsRunning => _daemon is { HasExited: false };

    public RunningProgram Daemon => _daemon ?? throw new InvalidOperationException($"{Name} was not started");

    public void WriteConfiguration() => File.WriteAllText(ConfigurationPath, $"""
        # {Name}: made by the demo; samples/ holds the same with the usual ports.
        [site]
        name = {Name}
        region = {Name}
        role = {role}
        data_dir = {DataDirectory}
        listen = {Api.AbsoluteUri.TrimEnd('/')}
        sync_listen = 127.0.0.1:{SyncPort}
        nbd_listen = 127.0.0.1:{nbdPort}

        [identity]
        admin_password = {stage.AdminPassword}

        [sync]
        SYNC_DELTA = 180
        SYNC_MAX = 1000

        [ssd]
        volume_driver = native

        """);

    /// <summary>Starts the daemon and waits until it says that it is ready.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // In a session of its own, so that an interrupt typed at the demo is the demo's to handle.
        _daemon = RunningProgram.Start(
            "setsid", [stage.Program("skerryd"), "--config", ConfigurationPath], stage.PathOf($"{Name}.log"));
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        await Eventually.TrueAsync($"{Name} is ready", TimeSpan.FromSeconds(30), async () =>
        {
            if (_daemon.HasExited)
            {
                throw new InvalidOperationException($"skerryd of {Name} ended with exit code {_daemon.ExitCode}:\n{_daemon.LogTail()}");
            }

            try
            {
                return (await http.GetAsync(new Uri(Api, "/readyz"), cancellationToken)).IsSuccessStatusCode;
            }
            catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
            {
                return false;
            }
        }, cancellationToken);
    }

    /// <summary>From its next start on the daemon kills itself at this moment; null ends that.</summary>
    public void KillItselfAt(string? moment)
    {
        WriteConfiguration();
        if (moment is not null)
        {
            File.AppendAllText(ConfigurationPath, $"[test]\nkill_at = {moment}\n");
        }
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => Daemon.KillAsync();

    /// <summary>What the command line needs to know to talk to this site as admin.</summary>
    public Dictionary<string, string?> Environment => new()
    {
        ["OS_AUTH_URL"] = new Uri(Api, "/identity/v3").AbsoluteUri,
        ["OS_USERNAME"] = "admin",
        ["OS_PASSWORD"] = stage.AdminPassword,
        ["OS_PROJECT_NAME"] = "admin",
        ["OS_USER_DOMAIN_NAME"] = "Default",
        ["OS_PROJECT_DOMAIN_NAME"] = "Default",
        ["OS_REGION_NAME"] = Name,
        ["OS_IDENTITY_API_VERSION"] = "3",
        ["OS_CLOUD"] = null,
        ["DOTNET_TieredPGO"] = "0",
    };

    /// <summary>Runs <c>skerry</c> against this site.</summary>
    public Task<ProgramRun> SkerryAsync(CancellationToken cancellationToken, params IEnumerable<string> arguments) =>
        ProgramRun.RunAsync(stage.Program("skerry"), arguments, TimeSpan.FromMinutes(3), cancellationToken, Environment, OnTalk);

    /// <summary>Runs <c>skerry … -f json</c>, which must succeed.</summary>
    public async Task<JsonElement> JsonAsync(CancellationToken cancellationToken, params IEnumerable<string> arguments)
    {
        var run = (await SkerryAsync(cancellationToken, [.. arguments, "-f", "json"])).Require();
        using var document = JsonDocument.Parse(run.Output);
        return document.RootElement.Clone();
    }

    /// <summary>Lines that the command line prints on standard error: progress and warnings.</summary>
    public Action<string>? OnTalk { get; set; }

    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null)
        {
            await _daemon.DisposeAsync();
        }
    }
}
