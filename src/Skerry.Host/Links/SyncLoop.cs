using Skerry.Sync;

namespace Skerry.Host.Links;

/// <summary>Runs the links for as long as the daemon runs.</summary>
internal sealed class SyncLoop(SyncNode node) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => node.RunAsync(stoppingToken);
}
