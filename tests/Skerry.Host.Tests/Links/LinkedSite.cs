using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Skerry.Domain;
using Skerry.Domain.Sites;
using Skerry.Host.Links;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.Sync;
using Skerry.Sync.Transport;
using Skerry.Sync.Transport.WebSockets;

namespace Skerry.Host.Tests.Links;

/// <summary>The links and the services of sites as the daemon wires them, over real TLS on loopback; nothing else of the daemon.</summary>
internal sealed class LinkedSite : IAsyncDisposable
{
    public static readonly Actor Admin = new("ada", "user-1", null, ["admin"]);

    private readonly CancellationTokenSource _stop = new();
    private readonly WebApplication _app;
    private readonly SiteCertificate _certificate;
    private readonly Task _reconciling;

    private LinkedSite(string name, WebApplication app, SiteCertificate certificate)
    {
        Name = name;
        _app = app;
        _certificate = certificate;
        Replica = app.Services.GetRequiredService<Replica>();
        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        EndPoint = new IPEndPoint(IPAddress.Loopback, address.Port);
        _reconciling = ReconcileAsync(_stop.Token);
    }

    public string Name { get; }

    public IPEndPoint EndPoint { get; }

    public Replica Replica { get; }

    public SiteService Sites => Get<SiteService>();

    public string Pin => _certificate.Pin;

    public SiteCertificate Certificate => _certificate;

    public bool Connected(LinkedSite other) => View(other) is { Aliveness: Aliveness.Connected, Via: null };

    /// <summary>A connection with the other stands.</summary>
    public bool Hears(LinkedSite other) =>
        Get<ILinkStatus>().Reports.Any(r => r.Peer == other.Replica.Site && r.Health is LinkHealth.Live or LinkHealth.CatchingUp);

    public string Id => Replica.Site.ToString();

    public static async Task<LinkedSite> StartAsync(string name)
    {
        var certificate = SiteCertificate.CreateInMemory(name, TimeProvider.System);
        var replica = await Replica.OpenAsync(
            new ReplicaOptions
            {
                Site = SiteId.Create(Random.Shared),
                Schema = DomainSchema.Schema,
                Sealer = new SiteSealer(certificate),
                SealRules = new SiteSealRules(),
            },
            new MemoryStore(), TimeProvider.System, new Random(), CancellationToken.None);
        var options = new SyncOptions
        {
            HeartbeatInterval = TimeSpan.FromMilliseconds(100),
            DialTimeout = TimeSpan.FromSeconds(30),
            DeadAfter = TimeSpan.FromMilliseconds(600),
            RedialLeast = TimeSpan.FromMilliseconds(20),
            RedialMost = TimeSpan.FromMilliseconds(100),
        };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseSkerrySync(certificate)));
        builder.Services.AddSingleton(replica);
        builder.Services.AddSingleton(certificate);
        builder.Services.AddSingleton(new SiteContext(replica, replica.Site, name, name, TimeProvider.System, new RandomIds()));
        builder.Services.AddSingleton(new SiteSettings
        {
            Name = name,
            Region = name,
            Role = "edge",
            CertificatePem = certificate.Pem,
            Certificates = new SiteCertificates(certificate),
            Seals = true,
            SyncAddress = "127.0.0.1:1",
            Version = "1",
        });
        builder.Services.AddLinks(options, []);
        var app = builder.Build();
        app.UseWebSockets();
        app.UseRouting();
        app.UseSkerrySyncIsolation();
        app.MapLinks();
        app.MapSite("/echo", async (_, socket, cancellationToken) =>
        {
            var buffer = new byte[1];
            while (await socket.ReceiveAsync(buffer, cancellationToken) is { MessageType: not System.Net.WebSockets.WebSocketMessageType.Close })
            {
                await socket.SendAsync(buffer, System.Net.WebSockets.WebSocketMessageType.Binary, true, cancellationToken);
            }
        });
        await app.Services.GetRequiredService<SiteRegistration>().EnsureAsync(CancellationToken.None);
        await app.StartAsync();
        return new LinkedSite(name, app, certificate);
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>An invitation to this site, dialled at the given place.</summary>
    public async Task<string> InviteAsync(IPEndPoint? address = null, string? forName = null)
    {
        var outcome = await Get<InvitationService>().InviteAsync(
            Admin, new InviteRequest(forName, (address ?? EndPoint).ToString()), CancellationToken.None);
        return outcome.Value.Token!;
    }

    public async Task<Outcome<JoinResult>> JoinAsync(string token, IPEndPoint? advertise = null) =>
        await Get<JoinService>().JoinAsync(Admin, token, (advertise ?? EndPoint).ToString(), CancellationToken.None);

    public async Task NoteAsync(string id, string text) => await Replica.CommitAsync(
        t => t.Set(new EntityKey("note", id), "text", FieldValue.FromString(text)), new CommitOptions(Name), CancellationToken.None);

    public string? Note(string id) => Replica.Find(new EntityKey("note", id))?.GetString("text");

    public SiteView View(LinkedSite other) => Sites.Show(Admin, other.Id).Value;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reconciling;
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Replica.DisposeAsync();
        _certificate.Dispose();
        _stop.Dispose();
    }

    private async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        var reconcilers = _app.Services.GetServices<IReconciler>().ToList();
        try
        {
            while (true)
            {
                foreach (var reconciler in reconcilers)
                {
                    await reconciler.StepAsync(cancellationToken);
                }

                await Task.Delay(20, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
