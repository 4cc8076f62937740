using Skerry.State;

namespace Skerry.Host.Loops;

/// <summary>Follows the state's store for as long as the daemon runs: what another daemon of the site writes there, and when it is away.</summary>
internal sealed class StoreLoop(Replica replica, ILoggerFactory loggers) : BackgroundService
{
    private readonly ILogger _logger = loggers.CreateLogger("Skerry.Store");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var told = replica.Store;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await replica.FollowStoreAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            var now = replica.Store;
            Tell(told, now);
            told = now;
        }
    }

    private void Tell(StoreReport before, StoreReport now)
    {
        if (now.Fault is { } fault && fault.Error != before.Fault?.Error)
        {
            Log.StoreLost(_logger, fault.Message);
        }

        if (now.Fault is null && before.Fault is not null)
        {
            Log.StoreBack(_logger, now.Name);
        }

        if (now.PutBack is { } putBack && putBack != before.PutBack)
        {
            Log.StorePutBack(_logger, now.Name, putBack.Mutations);
        }
    }
}
