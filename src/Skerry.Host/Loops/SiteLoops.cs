using Skerry.Domain;
using Skerry.State;

namespace Skerry.Host.Loops;

/// <summary>Runs a loop for each reconciler from the start of the host to its stop. A loop that ends by itself stops the daemon.</summary>
internal sealed class SiteLoops(
    IEnumerable<IReconciler> reconcilers, Replica replica, TimeProvider time, ILoggerFactory loggers, IHostApplicationLifetime lifetime)
    : IHostedService, IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ILogger _logger = loggers.CreateLogger("Skerry.Reconcilers");
    private readonly List<(string Name, ReconcilerLoop Loop)> _loops = [];
    private Task _running = Task.CompletedTask;
    private int _disposed;

    /// <summary>Reconcilers that have not yet made a step without a fault; the site is ready when there are none.</summary>
    public IReadOnlyList<string> NotYetStepped => [.. _loops.Where(l => l.Loop.LastGoodStep is null).Select(l => l.Name)];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _loops.AddRange(reconcilers.Select(r => (r.Name, new ReconcilerLoop(r, replica, time, _logger))));
        _running = Task.WhenAll(_loops.Select(l => Task.Run(() => GuardAsync(l.Name, l.Loop), cancellationToken)));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(cancellationToken);
    }

    /// <summary>The container does this for each way in which it hands the loops out.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task GuardAsync(string name, ReconcilerLoop loop)
    {
        try
        {
            await loop.RunAsync(_stop.Token);
        }
        catch (Exception e) when (e is not OutOfMemoryException && !_stop.IsCancellationRequested)
        {
            Log.LoopEnded(_logger, e, name);
            Environment.ExitCode = ExitCodes.Failed;
            lifetime.StopApplication();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The feed closed under a loop that was told to stop.
        }
    }
}
