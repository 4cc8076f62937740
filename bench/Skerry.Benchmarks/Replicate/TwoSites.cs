using Skerry.Client.Native;
using Skerry.Client.Native.Login;
using Skerry.Client.Native.Wire;
using Skerry.Demo;

namespace Skerry.Benchmarks.Replicate;

/// <summary>Two real sites, joined over loopback with their own certificates; both share whatever cores the machine has.</summary>
internal sealed class TwoSites : IAsyncDisposable
{
    /// <summary>Two idle daemons use about a hundredth of a core.</summary>
    private const double RestingCores = 0.05;

    private static readonly TimeSpan RestLook = TimeSpan.FromSeconds(1), RestPatience = TimeSpan.FromSeconds(30);

    private readonly Stage _stage;
    private readonly List<IDisposable> _disposables = [];

    private TwoSites(Stage stage)
    {
        _stage = stage;
        North = Open(stage.North);
        South = Open(stage.South);
    }

    /// <summary>Where volumes are primary at first.</summary>
    public SkerryClient North { get; }

    public SkerryClient South { get; }

    public string NorthsLog => _stage.North.Daemon.LogTail();

    public static async Task<TwoSites> StartAsync(CancellationToken cancellationToken)
    {
        var sites = new TwoSites(Stage.Open());
        try
        {
            await sites.JoinAsync(cancellationToken);
            return sites;
        }
        catch
        {
            await sites.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the source's site in an orderly way and starts it again with more lines in its configuration.</summary>
    public async Task RestartNorthAsync(string moreConfiguration, CancellationToken cancellationToken)
    {
        await _stage.North.DisposeAsync();
        _stage.North.WriteConfiguration();
        await File.AppendAllTextAsync(_stage.North.ConfigurationPath, moreConfiguration, cancellationToken);
        await _stage.North.StartAsync(cancellationToken);
        await ConnectedAsync(cancellationToken);
    }

    /// <summary>SIGKILL for the source's site; returns when the other site does not reach it any more.</summary>
    public async Task KillNorthAsync()
    {
        await _stage.North.KillAsync();
        await Eventually.TrueAsync("south misses north", TimeSpan.FromSeconds(30), async () =>
            (await _stage.South.JsonAsync(CancellationToken.None, "site", "list")).EnumerateArray()
                .Any(s => !s.GetProperty("is_self").GetBoolean() && s.GetProperty("state").GetString() != "connected"), CancellationToken.None);
    }

    public async Task StartNorthAsync(CancellationToken cancellationToken)
    {
        await _stage.North.StartAsync(cancellationToken);
        await ConnectedAsync(cancellationToken);
    }

    public async Task<string> MakeVolumeAsync(string name, int gibibytes, CancellationToken cancellationToken)
    {
        var made = await North.Volumes.CreateAsync(new VolumeCreateRequest(name, null, gibibytes, null, "north", null, null, null), cancellationToken);
        await EndAsync(North, made.OperationId!, cancellationToken);
        return made.Volume.Id;
    }

    public async Task DropVolumeAsync(string volumeId, string replicationId, CancellationToken cancellationToken)
    {
        foreach (var connection in await North.Volumes.ConnectionsAsync(volumeId, cancellationToken))
        {
            await North.Volumes.DisconnectAsync(volumeId, connection.Id, cancellationToken);
        }

        await North.Replications.DeleteAsync(replicationId, cancellationToken);
        await Eventually.TrueAsync("the volume is deleted", TimeSpan.FromSeconds(60), async () =>
        {
            try
            {
                await North.Volumes.DeleteAsync(volumeId, cascade: true, cancellationToken);
                return true;
            }
            catch (RefusedException)
            {
                // What the relation kept is still being dropped.
                return false;
            }
        }, cancellationToken);
    }

    public static async Task<string> ConnectAsync(SkerryClient at, string volumeId, CancellationToken cancellationToken) =>
        (await at.Volumes.ConnectAsync(volumeId, new ConnectRequest(null, "bench"), cancellationToken)).Uri!;

    public async Task<string> ReplicateAsync(string volumeId, string mode, CancellationToken cancellationToken) =>
        (await North.Replications.CreateAsync(
            new ReplicationCreateRequest { VolumeId = volumeId, TargetSite = "south", Mode = mode }, cancellationToken)).Replication.Id;

    /// <summary>Waits until the replica has all that the volume held at that time, as its source's site tells it.</summary>
    public async Task<ReplicationRecord> SyncedAsync(string replicationId, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var shown = await North.Replications.ShowAsync(replicationId, cancellationToken);
            if (shown.Status == "active - secondary" && shown.Source is { Transfer: null } source && source.LastSyncAt >= since)
            {
                return shown;
            }

            var elapsed = TimeProvider.System.GetElapsedTime(started);
            if (elapsed > TimeSpan.FromMinutes(5))
            {
                throw new TimeoutException($"the replica was not brought up in five minutes: {shown}");
            }

            // Asking is work for the site that is measured.
            await Task.Delay(elapsed < TimeSpan.FromSeconds(0.5) ? 5 : 50, cancellationToken);
        }
    }

    public static Task EndAsync(SkerryClient at, string operationId, CancellationToken cancellationToken) =>
        Eventually.TrueAsync($"operation {operationId} ends", TimeSpan.FromSeconds(120), async () =>
            await at.Operations.ShowAsync(operationId, cancellationToken) is { IsOver: true } over
            && (over.Status == "succeeded" ? true : throw new InvalidOperationException($"it {over.Status}: {over}")), cancellationToken);

    /// <summary>What the two daemons used of the cores so far.</summary>
    public (double North, double South) CoreSeconds() =>
        (CoreTime.Of(_stage.North.Daemon.ProcessId), CoreTime.Of(_stage.South.Daemon.ProcessId));

    /// <summary>
    /// Waits until both daemons rest, for half a minute at most: what they compile in the background after a new kind of work is no part
    /// of the work.
    /// </summary>
    public async Task RestAsync(CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        var before = CoreSeconds();
        do
        {
            await Task.Delay(RestLook, cancellationToken);
            var now = CoreSeconds();
            var used = now.North + now.South - before.North - before.South;
            if (used <= RestingCores * RestLook.TotalSeconds)
            {
                return;
            }

            before = now;
        }
        while (TimeProvider.System.GetElapsedTime(started) < RestPatience);
    }

    /// <summary>The sum of a counter over its series, as the site's page of metrics has it.</summary>
    public async Task<double> CounterAsync(string name, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        var page = await http.GetStringAsync(new Uri(_stage.North.Api, "/metrics"), cancellationToken);
        return page.Split('\n')
            .Where(l => l.StartsWith(name, StringComparison.Ordinal) && (l[name.Length] is ' ' or '{'))
            .Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        _disposables.ForEach(d => d.Dispose());
        await _stage.DisposeAsync();
    }

    private SkerryClient Open(DemoSite site)
    {
        var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        var session = new LoginSession(http, new CloudLogin(new Uri(site.Api, "/identity/v3"))
        {
            Username = "admin",
            Password = _stage.AdminPassword,
            ProjectName = "admin",
            RegionName = site.Name,
        });
        _disposables.AddRange([session, http]);
        return new SkerryClient(new ApiConnection(http, session));
    }

    private async Task JoinAsync(CancellationToken cancellationToken)
    {
        DemoSite[] sites = [_stage.North, _stage.South];
        foreach (var site in sites)
        {
            site.WriteConfiguration();
        }

        await Task.WhenAll(sites.Select(s => s.StartAsync(cancellationToken)));
        var invitation = await _stage.North.JsonAsync(cancellationToken, "site", "invite", "--address", $"127.0.0.1:{_stage.North.SyncPort}");
        (await _stage.South.SkerryAsync(
            cancellationToken, "site", "join", invitation.GetProperty("token").GetString()!, "--advertise", $"127.0.0.1:{_stage.South.SyncPort}")).Require();
        await ConnectedAsync(cancellationToken);
        (await _stage.North.SkerryAsync(cancellationToken, "quota", "set", "admin", "--volumes", "-1", "--gigabytes", "-1")).Require();
    }

    private Task ConnectedAsync(CancellationToken cancellationToken) =>
        Eventually.TrueAsync("both sites are connected", TimeSpan.FromSeconds(30), async () =>
        {
            foreach (var site in new[] { _stage.North, _stage.South })
            {
                var seen = (await site.JsonAsync(cancellationToken, "site", "list")).EnumerateArray().ToList();
                if (seen.Count != 2 || seen.Any(s => !s.GetProperty("is_self").GetBoolean() && s.GetProperty("state").GetString() != "connected"))
                {
                    return false;
                }
            }

            return true;
        }, cancellationToken);
}
