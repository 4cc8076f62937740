using System.Diagnostics;
using Skerry.Domain;
using Skerry.State;

namespace Skerry.Host.Loops;

/// <summary>
/// Drives one reconciler: a step at start, one after each change to its kinds, and one when the last step asked for it. Steps never
/// overlap. A step that fails is tried again after 0.2 s, then twice as long each time, at most 30 s.
/// </summary>
internal sealed class ReconcilerLoop(IReconciler reconciler, Replica replica, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.2), LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>When the last step ended without a fault; for the readiness page.</summary>
    public DateTimeOffset? LastGoodStep { get; private set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var feed = replica.Subscribe(key => reconciler.Kinds.Contains(key.Kind));
        var pause = FirstPause;
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan? wait;
            try
            {
                wait = await StepAsync(cancellationToken);
                pause = FirstPause;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Log.StepFailed(logger, e, reconciler.Name, pause.TotalSeconds);
                HostTelemetry.StepFaults.Add(1, new KeyValuePair<string, object?>("reconciler", reconciler.Name));
                wait = pause;
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }

            await WaitAsync(feed, wait, cancellationToken);
        }
    }

    private async Task<TimeSpan?> StepAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var result = await reconciler.StepAsync(cancellationToken);
        foreach (var report in result.Reports)
        {
            if (report.IsProblem)
            {
                Log.Problem(logger, reconciler.Name, report.Message);
            }
            else
            {
                Log.Report(logger, reconciler.Name, report.Message);
            }
        }

        LastGoodStep = time.GetUtcNow();
        HostTelemetry.StepSeconds.Record(
            Stopwatch.GetElapsedTime(started).TotalSeconds, new KeyValuePair<string, object?>("reconciler", reconciler.Name));
        return result.Again;
    }

    private async Task WaitAsync(ChangeFeed feed, TimeSpan? wait, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var alarm = wait is { } delay
            ? time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), limit, delay, Timeout.InfiniteTimeSpan)
            : null;
        try
        {
            await feed.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // Time for the next step, or to stop; the caller looks which.
        }
    }
}
