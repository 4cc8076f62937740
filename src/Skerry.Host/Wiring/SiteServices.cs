using System.Reflection;
using Skerry.Api.Common;
using Skerry.Api.Native;
using Skerry.Api.OpenStack;
using Skerry.Blocks;
using Skerry.Blocks.Integrity;
using Skerry.Blocks.Nbd;
using Skerry.Domain;
using Skerry.Domain.Alerts;
using Skerry.Domain.Conflicts;
using Skerry.Domain.Events;
using Skerry.Domain.Groups;
using Skerry.Domain.Identity;
using Skerry.Domain.Operations;
using Skerry.Domain.Quotas;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Sites;
using Skerry.Domain.Volumes;
using Skerry.Drivers.Native;
using Skerry.Host.Configuration;
using Skerry.Host.Files;
using Skerry.Host.Links;
using Skerry.Host.Loops;
using Skerry.Host.Telemetry;
using Skerry.Host.Webhooks;
using Skerry.Movers.Native;
using Skerry.State;
using Skerry.Sync;
using Skerry.Sync.Protocol;
using Skerry.Sync.Transport;
using Skerry.Sync.Transport.WebSockets;

namespace Skerry.Host.Wiring;

/// <summary>How the parts of a site are put together, a method for each part of the design.</summary>
internal static class SiteServices
{
    public static void AddSite(
        this IServiceCollection services, SiteConfiguration site, SiteCertificate certificate, TokenKey tokenKey, Replica replica, BlockStoreSet stores)
    {
        services.AddSingleton(site);
        services.AddSingleton(certificate);
        services.AddSingleton(tokenKey);
        services.AddSingleton(new TokenOptions(site.TokenLifetime));
        services.AddSingleton(replica);
        services.AddSingleton(stores);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<PrometheusPage>();
        services.AddSingleton<DomainMetrics>();
        services.AddSingleton(new SiteContext(replica, replica.Site, site.Name, site.Region, TimeProvider.System, new RandomIds()));
        services.AddSingleton(new SiteSettings
        {
            Name = site.Name,
            Region = site.Region,
            Role = site.Role,
            CertificatePem = certificate.Pem,
            Certificates = new SiteCertificates(certificate),
            Seals = true,
            SyncAddress = site.SyncAdvertise,
            ApiUrl = site.ApiUrl.AbsoluteUri.TrimEnd('/'),
            TokenKeyPem = tokenKey.PublicPem,
            Witnesses = site.Witnesses,
            Version = Version,
        });
        services.AddLinks(site.Sync, site.Peers);
        services.AddVolumes(site, certificate, stores);
        services.AddReplication(site);
        services.AddSkerryApi();
        services.AddSkerryNative();
        services.AddSingleton<IReconciler>(s => s.GetRequiredService<TokenKeyReconciler>());
        services.AddSingleton<IReconciler>(s => s.GetRequiredService<RevocationReconciler>());
        services.AddSingleton<IReconciler, CredentialReconciler>();
        services.AddSingleton(new EventJournal(Path.Combine(site.DataDirectory, "events.jsonl")));
        services.AddSingleton(new EventOptions { BehindAfter = site.Replication.BehindAfter });
        services.AddSingleton<EventService>();
        services.AddSingleton<IReconciler, EventReconciler>();
        services.AddAlerts();
        services.AddSingleton(s => new WebhookLoops(
            site.Webhooks, Path.Combine(site.DataDirectory, "webhooks"), s.GetRequiredService<EventJournal>(), s.GetRequiredService<SiteContext>(),
            new Random(), s.GetRequiredService<ILoggerFactory>().CreateLogger("Skerry.Webhooks")));
        services.AddHostedService(s => s.GetRequiredService<WebhookLoops>());

        services.AddHostedService<StoreLoop>();

        // Last to start and first to stop: what the loops drive is there before them and after them.
        services.AddSingleton<SiteLoops>();
        services.AddHostedService(s => s.GetRequiredService<SiteLoops>());
    }

    public static void MapSite(this WebApplication app)
    {
        app.UseWebSockets();
        app.UseRouting();
        app.UseSkerrySyncIsolation();
        app.UseSkerryApi();
        app.MapHealth();
        app.MapLinks();
        app.MapSite(NativeMover.Path, async (peer, socket, cancellationToken) =>
            await app.Services.GetRequiredService<NativeReplicaEndpoint>().ServeAsync(socket, peer.Site.ToString(), cancellationToken));
        app.MapSite(NativeHealer.Path, async (peer, socket, cancellationToken) =>
            await app.Services.GetRequiredService<NativeHealEndpoint>().ServeAsync(socket, peer.Site.ToString(), cancellationToken));
        foreach (var store in app.Services.GetRequiredService<BlockStoreSet>().All.Values)
        {
            store.Healer = app.Services.GetRequiredService<NativeHealer>();
        }

        app.MapOpenStack();
        app.MapSkerryNative();

        // It listens to the meters from now on, not from the first time that somebody asks.
        app.Services.GetRequiredService<PrometheusPage>();
        app.Services.GetRequiredService<DomainMetrics>();
        app.Services.GetRequiredService<AlertMetrics>();
        app.Services.GetRequiredService<SyncMetrics>();
    }

    /// <summary>A line for each thing that can stand at a site and should be looked at.</summary>
    private static void AddAlerts(this IServiceCollection services)
    {
        services.AddSingleton<IAlertSource>(s => new RefusedChangeAlerts(s.GetRequiredService<SiteContext>()));
        services.AddSingleton<IAlertSource>(s => new ForgeryAlerts(s.GetRequiredService<SiteContext>(), s.GetRequiredService<SiteLocal>()));
        services.AddSingleton<IAlertSource>(s => new DriftAlerts(
            s.GetRequiredService<SiteContext>(), s.GetRequiredService<ILinkStatus>(), s.GetRequiredService<SyncOptions>().DriftAlert));
        services.AddSingleton<IAlertSource>(s => new ClockAlerts(
            s.GetRequiredService<SiteContext>(), s.GetRequiredService<SyncOptions>().DriftAlert));
        services.AddSingleton<IAlertSource, IdentityAlerts>();
        services.AddSingleton<IAlertSource, QuotaAlerts>();
        services.AddSingleton<IAlertSource>(s => new DifferenceAlerts(s.GetRequiredService<SiteContext>(), s.GetRequiredService<ILinkStatus>()));
        services.AddSingleton<IAlertSource>(s => new StoreAlerts(s.GetRequiredService<SiteContext>()));
        services.AddSingleton<AlertReconciler>();
        services.AddSingleton<IReconciler>(s => s.GetRequiredService<AlertReconciler>());
        services.AddSingleton<AlertService>();
        services.AddSingleton<AlertMetrics>();
    }

    /// <summary>Of the program, without the build's suffix.</summary>
    private static string Version { get; } =
        typeof(SiteServices).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static void AddVolumes(this IServiceCollection services, SiteConfiguration site, SiteCertificate certificate, BlockStoreSet stores)
    {
        services.AddSingleton<ExportRegistry>();
        foreach (var backend in stores.All.Keys)
        {
            services.AddSingleton<IVolumeDriver>(s => new NativeDriver(
                backend,
                stores.All[backend],
                s.GetRequiredService<ExportRegistry>(),
                finding => Log.Damage(s.GetRequiredService<ILoggerFactory>().CreateLogger("Skerry.Blocks"), backend, finding.Message, finding.IsHealed)));
        }

        foreach (var backend in site.Backends.Where(b => stores.All.ContainsKey(b.Name)))
        {
            services.AddSingleton<IReconciler>(_ => new ScrubReconciler(
                backend.Name,
                new Scrub(
                    stores.All[backend.Name],
                    new ScrubOptions { Interval = backend.ScrubInterval, BytesPerSecond = backend.ScrubBytesPerSecond },
                    TimeProvider.System)));
        }

        services.AddSingleton<VolumeDrivers>();
        services.AddSingleton(new ReplicationTargets(site.Backends.ToDictionary(b => b.Name, b => b.ReplicationTargets, StringComparer.Ordinal)));
        services.AddSingleton<OperationService>();
        services.AddSingleton<VolumeService>();
        services.AddSingleton<SnapshotService>();
        services.AddSingleton<SnapshotDiffService>();
        services.AddSingleton<VolumeTypeService>();
        services.AddSingleton<QosService>();
        services.AddSingleton<QuotaService>();
        services.AddSingleton<IReconciler, ShareReconciler>();
        services.AddSingleton<ConnectionService>();
        services.AddSingleton<AttachmentService>();
        services.AddSingleton<ConflictService>();
        services.AddSingleton<ConflictHistory>();
        services.AddSingleton<IReconciler, ConflictReconciler>();
        services.AddSingleton<IReconciler, FenceReconciler>();
        services.AddSingleton<IReconciler, SnapshotReconciler>();
        services.AddSingleton<IReconciler, VolumeReconciler>();
        services.AddSingleton<IReconciler, BackendReconciler>();
        services.AddSingleton<IReconciler, TrashReconciler>();
        services.AddSingleton<IReconciler, LogCutter>();
        services.AddSingleton<IReconciler, IdentityReconciler>();
        services.AddSingleton<IReconciler>(s => new RetirementReconciler(s.GetRequiredService<SiteContext>(), sharesStore: site.Store.Redis is not null));
        services.AddSingleton<IReconciler>(s => new ClockReconciler(
            s.GetRequiredService<SiteContext>(), s.GetRequiredService<ILinkStatus>(), site.ClockLimit));
        services.AddSingleton<IReconciler>(s => new OperationReconciler(
            s.GetRequiredService<SiteContext>(),
            [
                .. VolumeOperations.Handlers(
                    s.GetRequiredService<SiteContext>(),
                    s.GetRequiredService<VolumeDrivers>(),
                    s.GetRequiredService<ExportRegistry>(),
                    s.GetServices<IVolumeDeleteGuard>()),
                .. RecoveryOperations.Handlers(
                    s.GetRequiredService<SiteContext>(),
                    s.GetRequiredService<VolumeDrivers>(),
                    s.GetRequiredService<ExportRegistry>(),
                    s.GetServices<IDataMover>(),
                    s.GetServices<IReplicaStore>(),
                    s.GetRequiredService<ILinkStatus>(),
                    s.GetRequiredService<ReplicaTrash>(),
                    s.GetRequiredService<IExternalFence>(),
                    s.GetRequiredService<JointMoves>()),
                .. GroupOperations.Handlers(
                    s.GetRequiredService<SiteContext>(), s.GetRequiredService<RecoveryService>(), s.GetServices<IMarkKeeper>(),
                    s.GetRequiredService<VolumeDrivers>(), s.GetRequiredService<ExportRegistry>(), s.GetRequiredService<JointMoves>(),
                    s.GetRequiredService<IExternalFence>()),
                .. SiteOperations.Handlers(
                    s.GetRequiredService<SiteContext>(), s.GetRequiredService<SiteMoves>(), s.GetRequiredService<RecoveryService>(),
                    s.GetRequiredService<GroupRecovery>()),
            ]));

        services.AddSingleton<NativeExports>();
        services.AddSingleton<INbdExports>(s => s.GetRequiredService<NativeExports>());
        services.AddSingleton<IReconciler, ExportRatesReconciler>();
        services.AddSingleton(s => new NbdListener(
            site, certificate, s.GetRequiredService<INbdExports>(), s.GetRequiredService<ILoggerFactory>().CreateLogger("Skerry.Nbd")));
        services.AddSingleton<INbdAddress>(s => s.GetRequiredService<NbdListener>());
        services.AddHostedService(s => s.GetRequiredService<NbdListener>());
    }

    private static void AddReplication(this IServiceCollection services, SiteConfiguration site)
    {
        services.AddSingleton(new NativeMoverOptions
        {
            Bandwidth = site.Transfers.Bandwidth,
            TransfersAtOnce = site.Transfers.TransfersAtOnce,
            Packing = site.Transfers.Packing,
            PressingBytes = site.Transfers.PaceWriters ? NativeMoverOptions.DefaultPressingBytes : 0,
        });
        services.AddSingleton(s => new NativeMover(
            s.GetRequiredService<BlockStoreSet>(),
            s.GetRequiredService<ISiteDialer>(),
            s.GetRequiredService<IAckLedger>(),
            BootClock.System,
            s.GetRequiredService<NativeMoverOptions>(),
            TimeProvider.System,
            new Random(),
            s.GetRequiredService<ILogger<NativeMover>>()));
        services.AddSingleton<IDataMover>(s => s.GetRequiredService<NativeMover>());
        services.AddSingleton(BootClock.System);
        services.AddSingleton<NativeReplicas>();
        services.AddSingleton<IReplicaStore>(s => s.GetRequiredService<NativeReplicas>());
        services.AddSingleton<NativeReplicaEndpoint>();
        services.AddSingleton<ICopyHolders, CopyHolders>();
        services.AddSingleton<NativeHealer>();
        services.AddSingleton<NativeHealEndpoint>();
        services.AddSingleton(new TrashOptions { TrashTime = site.Replication.TrashTime });
        services.AddSingleton<IReplicaAdmission, ReplicaAdmission>();
        services.AddSingleton<IVolumeDeleteGuard, ReplicatedVolumeGuard>();
        services.AddSingleton<FreshStatuses>();
        services.AddSingleton(s => new TransferHistory(Path.Combine(s.GetRequiredService<SiteConfiguration>().DataDirectory, "transfers")));
        services.AddSingleton<ReplicationService>();
        services.AddSingleton<RecoveryService>();
        services.AddSingleton<ReplicaTrash>();
        services.AddSingleton<TrashService>();
        services.AddSingleton<DrillService>();
        services.AddSingleton<IReconciler, ReplicaTrashReconciler>();
        services.AddSingleton<IReconciler, DrillReconciler>();
        services.AddSingleton<PromotionGuard>();
        services.AddSingleton<IOpenGuard, ArmingGuard>();
        services.AddSingleton<MoverTasks>();
        services.AddSingleton<IAckLedger, AckLedger>();
        services.AddSingleton(new AckOptions { Lease = site.Replication.Lease });
        services.AddSingleton<IExternalFence>(s => site.Replication.FenceCommand is { } command
            ? new FenceCommand(command, site.Replication.FenceTimeout, s.GetRequiredService<ILoggerFactory>().CreateLogger("Skerry.Fence"))
            : new NoExternalFence());
        services.AddSingleton<IReconciler, AutomaticFailoverReconciler>();
        services.AddSingleton<IGroupCutter>(s => s.GetRequiredService<NativeMover>());
        services.AddSingleton<IMarkKeeper, NativeMarks>();
        services.AddSingleton(new GroupOptions());
        services.AddSingleton<GroupCuts>();
        services.AddSingleton<GroupService>();
        services.AddSingleton<GroupRecovery>();
        services.AddSingleton<JointMoves>();
        services.AddSingleton<GroupDrillService>();
        services.AddSingleton<SiteMoves>();
        services.AddSingleton<PlanService>();
        services.AddSingleton<IReconciler, GroupCutReconciler>();
        services.AddSingleton<IReconciler, GroupPointReconciler>();
        services.AddSingleton<IReconciler, HandoverReconciler>();
        services.AddSingleton<IReconciler, KeyReconciler>();
        services.AddSingleton<IReconciler, SourceReconciler>();
        services.AddSingleton<IReconciler, TargetReconciler>();
    }
}
