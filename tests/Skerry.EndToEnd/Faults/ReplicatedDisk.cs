using System.Net.Sockets;
using Skerry.Client.Native;
using Skerry.Client.Native.Login;
using Skerry.Client.Native.Wire;
using Skerry.Demo;
using Skerry.TestKit.Processes;

namespace Skerry.EndToEnd.Faults;

/// <summary>A volume made at north and replicated to south, with what the tests ask of it over HTTP.</summary>
internal sealed class ReplicatedDisk : IAsyncDisposable
{
    private readonly Stage _stage;
    private readonly Dictionary<DemoSite, SkerryClient> _clients = [];
    private readonly List<IDisposable> _disposables = [];

    private ReplicatedDisk(Stage stage)
    {
        _stage = stage;
        foreach (var site in stage.Sites)
        {
            var http = new HttpClient { Timeout = TimeSpan.FromSeconds(15) };
            var session = new LoginSession(http, new CloudLogin(new Uri(site.Api, "/identity/v3"))
            {
                Username = "admin",
                Password = stage.AdminPassword,
                ProjectName = "admin",
                RegionName = site.Name,
            });
            _disposables.AddRange([session, http]);
            _clients.Add(site, new SkerryClient(new ApiConnection(http, session)));
        }
    }

    public string VolumeId { get; private set; } = "";

    public string ReplicationId { get; private set; } = "";

    public static async Task<ReplicatedDisk> MakeAsync(Stage stage, CancellationToken cancellationToken, bool isReplicated = true)
    {
        var disk = new ReplicatedDisk(stage);
        var made = await disk.At(stage.North).Volumes.CreateAsync(
            new VolumeCreateRequest("disk", null, 1, null, "north", null, null, null), cancellationToken);
        disk.VolumeId = made.Volume.Id;
        await disk.EndAsync(stage.North, made.OperationId!, cancellationToken);
        if (isReplicated)
        {
            await disk.ReplicateAsync(cancellationToken);
            await disk.FollowsAsync(stage.North, stage.South, cancellationToken);
        }

        return disk;
    }

    public SkerryClient At(DemoSite site) => _clients[site];

    public DemoSite Other(DemoSite site) => site == _stage.North ? _stage.South : _stage.North;

    public async Task ReplicateAsync(CancellationToken cancellationToken) =>
        ReplicationId = (await At(_stage.North).Replications.CreateAsync(
            new ReplicationCreateRequest { VolumeId = VolumeId, TargetSite = "south" }, cancellationToken)).Replication.Id;

    public Task<RecoveryReply> AskAsync(
        DemoSite at, string action, CancellationToken cancellationToken, string? to = null, bool? force = null, bool? drain = null) =>
        At(at).Volumes.RecoverAsync(VolumeId, action, new RecoveryRequest(to, force, drain), cancellationToken);

    /// <summary>Waits until the operation is over, as the site sees it.</summary>
    public Task<OperationRecord> EndAsync(DemoSite at, string operationId, CancellationToken cancellationToken, int seconds = 60) =>
        Eventually.BecomesAsync($"operation {operationId} ends", TimeSpan.FromSeconds(seconds), async () =>
        {
            try
            {
                return await At(at).Operations.ShowAsync(operationId, cancellationToken) is { IsOver: true } over ? over : null;
            }
            catch (Exception e) when (e is UnreachableException or RefusedException { Error.Code: 404 })
            {
                // Down, or it has not heard of it yet.
                return null;
            }
        }, cancellationToken);

    /// <summary>
    /// Both sites say that the one is primary, and the other its whole replica; and when nobody writes, the primary's site that nothing
    /// is owed. The other learns of measures only now and then.
    /// </summary>
    public async Task FollowsAsync(DemoSite primary, DemoSite replica, CancellationToken cancellationToken, bool isIdle = true)
    {
        ReplicationRecord? last = null;
        try
        {
            await Eventually.TrueAsync("the replica follows", TimeSpan.FromSeconds(60), async () =>
            {
                foreach (var site in new[] { primary, replica })
                {
                    last = await At(site).Replications.ShowAsync(ReplicationId, cancellationToken);
                    if (last.Status != "active - secondary" || last.SourceSite != primary.Name || last.TargetSite != replica.Name
                        || (isIdle && site == primary && last.Source?.LagBytes != 0))
                    {
                        return false;
                    }
                }

                return true;
            }, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; {primary.Name} should be followed by {replica.Name}, and it is {last}", e);
        }
    }

    /// <summary>What a forced failover to the site may lose, as soon as it would not be refused.</summary>
    public Task<RecoveryPreviewRecord> LossAsync(DemoSite at, CancellationToken cancellationToken) =>
        Eventually.BecomesAsync($"{at.Name} sees that the primary is lost", TimeSpan.FromSeconds(20), async () =>
            await At(at).Volumes.PreviewAsync(VolumeId, "failover", at.Name, force: true, cancellationToken) is { Refusal: null } preview
                ? preview
                : null, cancellationToken);

    public async Task<string> ConnectAsync(DemoSite at, CancellationToken cancellationToken) =>
        (await At(at).Volumes.ConnectAsync(VolumeId, new ConnectRequest(null, "test"), cancellationToken)).Uri!;

    /// <summary>The highest generation of the volume that the site knows.</summary>
    public async Task<long> GenerationAsync(DemoSite at, CancellationToken cancellationToken) =>
        (await At(at).Volumes.ShowAsync(VolumeId, cancellationToken)).Generation ?? 0;

    /// <summary>The site is down, does not take writes, or went away in the middle.</summary>
    public static bool IsAbsence(Exception e) =>
        e is RefusedException or UnreachableException or LoginException or IOException or SocketException or OperationCanceledException;

    /// <summary>A client of the disk wherever it takes writes; null when that is nowhere for now.</summary>
    public async Task<(NbdClient Client, DemoSite Site)?> TryOpenAsync(CancellationToken cancellationToken)
    {
        foreach (var site in new[] { _stage.North, _stage.South })
        {
            try
            {
                return (await NbdClient.ConnectAsync(new Uri(await ConnectAsync(site, cancellationToken)), cancellationToken), site);
            }
            catch (Exception e) when (e is RefusedException or UnreachableException or LoginException or IOException or SocketException
                || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // Not here, or not yet.
            }
        }

        return null;
    }

    public async Task<NbdClient> OpenAsync(DemoSite at, CancellationToken cancellationToken, int seconds = 20)
    {
        var why = "";
        try
        {
            return await Eventually.BecomesAsync("it can be opened", TimeSpan.FromSeconds(seconds), async () =>
            {
                try
                {
                    return await NbdClient.ConnectAsync(new Uri(await ConnectAsync(at, cancellationToken)), cancellationToken);
                }
                catch (Exception e) when (e is RefusedException or UnreachableException or IOException or SocketException)
                {
                    why = e.Message;
                    return null;
                }
            }, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} at {at.Name}: {why}", e);
        }
    }

    public ValueTask DisposeAsync()
    {
        _disposables.ForEach(d => d.Dispose());
        return ValueTask.CompletedTask;
    }
}
