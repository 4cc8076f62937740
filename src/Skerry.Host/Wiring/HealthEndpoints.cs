using Skerry.Host.Loops;
using Skerry.Host.Telemetry;
using Skerry.State;

namespace Skerry.Host.Wiring;

/// <summary>What monitoring asks: alive, ready, and the measurements. No token is asked for, and nothing of a tenant is shown.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/healthz", () => Results.Text("ok\n"));
        endpoints.MapGet("/readyz", (SiteLoops loops, Replica replica) => NotReady(loops, replica.Store) is { } reason
            ? Results.Text($"{reason}\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Text("ready\n"));
        endpoints.MapGet("/metrics", (PrometheusPage page) => Results.Text(page.Render(), "text/plain; version=0.0.4; charset=utf-8"));
    }

    /// <summary>In words that may be shown to anybody: alerts and the log name the store.</summary>
    private static string? NotReady(SiteLoops loops, StoreReport store) =>
        store.Fault is not null
            ? $"the store of the state takes no changes since {store.Since:yyyy-MM-ddTHH:mm:ssZ}; {(store.IsFinal ? "the daemon must be started again" : "it is asked again until it does")}; see skerry alert list"
        : loops.NotYetStepped is { Count: > 0 } waiting ? $"starting: {string.Join(", ", waiting)}"
        : null;
}
