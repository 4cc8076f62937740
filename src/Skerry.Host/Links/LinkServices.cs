using Skerry.Domain;
using Skerry.Domain.Sites;
using Skerry.State;
using Skerry.Sync;
using Skerry.Sync.Protocol;
using Skerry.Sync.Transport;
using Skerry.Sync.Transport.WebSockets;

namespace Skerry.Host.Links;

/// <summary>How sync and the services of sites are put together.</summary>
internal static class LinkServices
{
    /// <summary>Needs <see cref="Replica"/>, <see cref="SiteContext"/>, <see cref="SiteSettings"/>, <see cref="SiteCertificate"/> and a clock.</summary>
    public static IServiceCollection AddLinks(this IServiceCollection services, SyncOptions options, IReadOnlyList<string> addresses)
    {
        services.AddSingleton(options);
        services.AddSingleton<PinTable>();
        services.AddSingleton(s => new SiteLocal(
            s.GetRequiredService<Replica>(),
            () => CloudIdentity.Of(s.GetRequiredService<Replica>()),
            options,
            s.GetRequiredService<SiteContext>().Time,
            new Random()));
        services.AddSingleton(s => new PeerDialer(
            s.GetRequiredService<SiteCertificate>(), s.GetRequiredService<PinTable>(), options.DialTimeout));
        services.AddSingleton(s => new JoinDialer(s.GetRequiredService<SiteCertificate>(), options.DialTimeout));
        services.AddSingleton(s => new SyncNode(
            s.GetRequiredService<SiteLocal>(),
            s.GetRequiredService<PinTable>(),
            s.GetRequiredService<PeerDialer>(),
            addresses,
            s.GetRequiredService<ILoggerFactory>().CreateLogger("Skerry.Sync")));
        services.AddSingleton<SyncMetrics>();
        services.AddSingleton<SyncLinks>();
        services.AddSingleton<ILinkStatus>(s => s.GetRequiredService<SyncLinks>());
        services.AddSingleton<ILinkControl>(s => s.GetRequiredService<SyncLinks>());
        services.AddSingleton<ISiteDialer>(s => s.GetRequiredService<SyncLinks>());
        services.AddSingleton<IJoinChannel>(s => s.GetRequiredService<SyncLinks>());
        services.AddSingleton<SiteLives>();
        services.AddSingleton<SiteService>();
        services.AddSingleton<InvitationService>();
        services.AddSingleton<SiteRegistration>();
        services.AddSingleton<JoinAcceptance>();
        services.AddSingleton<JoinService>();
        services.AddSingleton<CertificateRotationService>();
        services.AddSingleton<IReconciler>(s => s.GetRequiredService<CertificateRotationService>());
        services.AddSingleton<IReconciler, LinkReconciler>();
        services.AddSingleton<IReconciler, LinkObserver>();
        services.AddSingleton<IReconciler, WitnessReconciler>();
        services.AddHostedService<SyncLoop>();
        return services;
    }

    /// <summary>Maps what the sync listener serves; <see cref="SyncListener.UseSkerrySyncIsolation"/> keeps it apart from the API.</summary>
    public static void MapLinks(this IEndpointRouteBuilder endpoints)
    {
        var acceptance = endpoints.ServiceProvider.GetRequiredService<JoinAcceptance>();
        endpoints.MapSkerrySync();
        endpoints.MapJoiner(JoinAcceptance.JoinPath, async (pin, context) =>
        {
            if (await ReadAsync(context) is { } request)
            {
                var (status, body) = await acceptance.AcceptAsync(pin, request, context.RequestAborted);
                await AnswerAsync(context, status, [body]);
            }
        });
        endpoints.MapJoiner(JoinAcceptance.SnapshotPath, async (pin, context) =>
        {
            if (await ReadAsync(context) is { } request)
            {
                var (status, parts) = acceptance.Snapshot(pin, request);
                await AnswerAsync(context, status, parts);
            }
        });
    }

    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpContext context)
    {
        var buffer = new byte[JoinAcceptance.MaxRequestBytes + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(
            buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (length < buffer.Length)
        {
            return buffer.AsMemory(0, length);
        }

        context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
        return null;
    }

    private static async Task AnswerAsync(HttpContext context, int status, IEnumerable<ReadOnlyMemory<byte>> parts)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = status == StatusCodes.Status200OK ? "application/octet-stream" : "application/json";
        foreach (var part in parts)
        {
            await context.Response.Body.WriteAsync(part, context.RequestAborted);
        }
    }
}
