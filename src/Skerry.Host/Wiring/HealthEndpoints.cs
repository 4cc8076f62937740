using Skerry.Host.Loops;
using Skerry.Host.Telemetry;

namespace Skerry.Host.Wiring;

/// <summary>What monitoring asks: alive, ready, and the measurements. No token is asked for, and nothing of a tenant is shown.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/healthz", () => Results.Text("ok\n"));
        endpoints.MapGet("/readyz", (SiteLoops loops) => loops.NotYetStepped is { Count: > 0 } waiting
            ? Results.Text($"starting: {string.Join(", ", waiting)}\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Text("ready\n"));
        endpoints.MapGet("/metrics", (PrometheusPage page) => Results.Text(page.Render(), "text/plain; version=0.0.4; charset=utf-8"));
    }
}
