using Microsoft.Extensions.DependencyInjection;
using Skerry.Api.Native;
using Skerry.Client.Native;
using Skerry.Client.Native.Login;
using Skerry.Domain.Alerts;
using Skerry.Domain.Events;
using Skerry.Domain.Groups;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Sites;

namespace Skerry.Api.Tests.Native;

/// <summary>A site that serves <c>/skerry/v1</c>, and the typed client to it.</summary>
internal sealed class NativeSite : IAsyncDisposable
{
    private readonly List<IDisposable> _clients = [];

    private NativeSite(ApiSite api) => Api = api;

    public ApiSite Api { get; }

    public SkerryClient Client { get; private set; } = null!;

    public static async Task<NativeSite> StartAsync()
    {
        var api = await ApiSite.StartAsync(map: app => app.MapSkerryNative(), add: services =>
        {
            services.AddSingleton(new SiteSettings
            {
                Name = "north",
                Region = "north",
                Role = "edge",
                CertificatePem = "",
                SyncAddress = "127.0.0.1:8777",
                Version = "0.1.0",
            });
            services.AddSingleton<ILinkStatus, NoLinks>();
            services.AddSingleton<IJoinChannel, NoChannel>();
            services.AddSingleton<SiteRegistration>();
            services.AddSingleton<InvitationService>();
            services.AddSingleton<JoinService>();
            services.AddSingleton<FreshStatuses>();
            services.AddSingleton(new EventJournal(null));
            services.AddSingleton(new TransferHistory(null));
            services.AddSingleton<IAlertSource>(new StandingAlerts());
            services.AddSingleton<AlertReconciler>();
            services.AddSingleton<AlertService>();
            services.AddSingleton<EventService>();
            services.AddSingleton<ReplicationService>();
            services.AddSingleton<RecoveryService>();
            services.AddSingleton(new TrashOptions());
            services.AddSingleton<ReplicaTrash>();
            services.AddSingleton<TrashService>();
            services.AddSingleton<DrillService>();
            services.AddSingleton<GroupDrillService>();
            services.AddSingleton<GroupService>();
            services.AddSingleton<GroupRecovery>();
            services.AddSingleton<SiteMoves>();
            services.AddSingleton<PlanService>();
            services.AddSkerryNative();
        });
        await api.Service<SiteRegistration>().EnsureAsync(CancellationToken.None);
        var site = new NativeSite(api);
        site.Client = site.ClientOf("admin", ApiSite.AdminPassword, "admin");
        return site;
    }

    /// <summary>Logs in as a person does, over HTTP.</summary>
    public SkerryClient ClientOf(string user, string password, string project)
    {
        var http = new HttpClient();
        var session = new LoginSession(
            http,
            new CloudLogin(new Uri(Api.Address + "/identity/v3")) { Username = user, Password = password, ProjectName = project });
        _clients.Add(session);
        _clients.Add(http);
        return new SkerryClient(new ApiConnection(http, session));
    }

    public async Task<SkerryClient> TenantAsync(string name, string role = "member")
    {
        await Api.AddUserAsync(name, role);
        return ClientOf(name, name, name);
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await Api.DisposeAsync();
    }

    /// <summary>What the test says that stands.</summary>
    internal sealed class StandingAlerts : List<Alert>, IAlertSource
    {
        public IEnumerable<Alert> Standing() => this;
    }

    private sealed class NoLinks : ILinkStatus
    {
        public IReadOnlyList<LinkReport> Reports => [];
    }

    /// <summary>No site can be dialled from here.</summary>
    private sealed class NoChannel : IJoinChannel
    {
        public ValueTask<JoinAnswer> PostAsync(
            string address, string certificatePin, string path, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
            throw new HttpRequestException($"{address} cannot be reached");
    }
}
