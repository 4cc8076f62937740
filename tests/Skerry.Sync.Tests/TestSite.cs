using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.Sync.Peers;
using Skerry.Sync.Protocol;
using Skerry.Sync.Transport;
using Skerry.Sync.Transport.WebSockets;

namespace Skerry.Sync.Tests;

/// <summary>A site with real state, a real TLS listener on loopback and real links.</summary>
internal sealed class TestSite : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly WebApplication _app;
    private readonly Task _running;

    private TestSite(string name, Replica replica, SiteCertificate certificate, PinTable pins, SyncNode node, WebApplication app, LogLines log)
    {
        Name = name;
        Replica = replica;
        Certificate = certificate;
        Pins = pins;
        Node = node;
        Log = log;
        _app = app;
        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        EndPoint = new IPEndPoint(IPAddress.Loopback, address.Port);
        _running = node.RunAsync(_stop.Token);
    }

    public string Name { get; }

    public Replica Replica { get; }

    public SiteCertificate Certificate { get; }

    public PinTable Pins { get; }

    public SyncNode Node { get; }

    public LogLines Log { get; }

    public IPEndPoint EndPoint { get; }

    public static async Task<TestSite> StartAsync(
        string name, SyncOptions? options = null, string cloud = "cloud-1", IStateStore? store = null, ReplicaLimits? limits = null)
    {
        options ??= Fast;
        Assert.Empty(options.Validate());
        var replica = await Replica.OpenAsync(
            new ReplicaOptions { Site = SiteId.Create(Random.Shared), Limits = limits ?? new ReplicaLimits() },
            store ?? new MemoryStore(), TimeProvider.System, new Random(), CancellationToken.None);
        var certificate = SiteCertificate.CreateInMemory(name, TimeProvider.System);
        var pins = new PinTable();
        var log = new LogLines();

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(log);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseSkerrySync(certificate)));
        var local = new SiteLocal(replica, () => cloud, options, TimeProvider.System, new Random());
        var dialer = new PeerDialer(certificate, pins, options.DialTimeout);
        var node = new SyncNode(local, pins, dialer, [], log.CreateLogger("node"));
        builder.Services.AddSingleton(pins).AddSingleton(node);
        var app = builder.Build();
        app.UseWebSockets();
        app.UseRouting();
        app.UseSkerrySyncIsolation();
        app.MapSkerrySync();
        app.MapGet("/elsewhere", () => "not for this listener");
        await app.StartAsync();
        return new TestSite(name, replica, certificate, pins, node, app, log);
    }

    /// <summary>Quick to notice and to come back, so that tests are.</summary>
    public static SyncOptions Fast => new()
    {
        HeartbeatInterval = TimeSpan.FromMilliseconds(100),
        DeadAfter = TimeSpan.FromMilliseconds(600),
        RedialLeast = TimeSpan.FromMilliseconds(20),
        RedialMost = TimeSpan.FromMilliseconds(100),
    };

    /// <summary>This site as a peer of others; the address is where they dial it, null for not at all.</summary>
    public PeerTarget AsPeer(IPEndPoint? address) =>
        new(Replica.Site, Name, Certificate.Pin, address?.ToString(), MaySync: true, Refusal: null);

    public async Task WriteAsync(string id, string value, bool urgent = true) =>
        await Replica.CommitAsync(
            t => t.Set(new EntityKey("note", id), "text", FieldValue.FromString(value)),
            new CommitOptions(Name, urgent), CancellationToken.None);

    public string? Read(string id) => Replica.Find(new EntityKey("note", id))?.GetString("text");

    public PeerReport ReportOf(TestSite other) => Node.Reports.Single(r => r.Site == other.Replica.Site);

    /// <summary>Like a kill: nobody is told.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _app.DisposeAsync();
        await Replica.DisposeAsync();
        Certificate.Dispose();
        _stop.Dispose();
    }

    /// <summary>An HTTP client that presents the given certificate and believes any server.</summary>
    public static HttpClient ClientWith(SiteCertificate certificate) => new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificates = [certificate.Certificate],
            LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate.Certificate,
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        },
    });
}
