using System.Diagnostics;

namespace Skerry.State.Tests.Commits;

/// <summary>Follows a replica's store as the daemon does, until it is disposed of.</summary>
internal sealed class Follower : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    private Follower(Replica replica) => _running = Task.Run(async () =>
    {
        while (true) await replica.FollowStoreAsync(_stop.Token);
    });

    public static Follower Of(Replica replica) => new(replica);

    public static async Task UntilAsync(Func<bool> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), "waited 60 s in vain");
            await Task.Delay(5);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        try
        {
            _running.Wait();
        }
        catch (AggregateException ended) when (ended.InnerException is OperationCanceledException)
        {
        }

        _stop.Dispose();
    }
}
