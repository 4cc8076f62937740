using Skerry.Client.Native.Wire;
using Skerry.Demo;
using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Replicate;

/// <summary>Planned failovers of instant replicas: from the command until the other site hands out a disk that takes writes.</summary>
internal sealed class FailoverCases(TwoSites sites, Selection selection)
{
    private const string One = "failover-planned-1", Many = "failover-planned-20";

    public async Task<IReadOnlyList<Comparison>> RunAsync(CancellationToken cancellationToken)
    {
        List<Comparison> rows = [];
        foreach (var (name, count, goalSeconds, peerSeconds) in new[] { (One, 1, 1.0, 3.6), (Many, 20, 5.0, 42.8) })
        {
            if (!selection.Takes(name))
            {
                continue;
            }

            var volumes = await Task.WhenAll(Enumerable.Range(0, count).Select(i => FollowedAsync($"{name}-{i}", cancellationToken)));
            var toSouth = await MoveAsync(volumes, "south", cancellationToken);
            rows.Add(new Comparison(name, toSouth, "s", "bound", goalSeconds, 1, LessIsBetter: true));
            rows.Add(new Comparison(name, toSouth, "s", "rbd-mirror, as published", peerSeconds, null, LessIsBetter: true));
        }

        return rows;
    }

    private async Task<string> FollowedAsync(string name, CancellationToken cancellationToken)
    {
        var id = await sites.MakeVolumeAsync(name, 1, cancellationToken);
        var asked = DateTimeOffset.UtcNow;
        await sites.SyncedAsync(await sites.ReplicateAsync(id, "instant", cancellationToken), asked, cancellationToken);
        return id;
    }

    private async Task<double> MoveAsync(IReadOnlyList<string> volumes, string to, CancellationToken cancellationToken)
    {
        // Both sites have to know of the replica before it can be asked for.
        await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
        var started = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(volumes.Select(v => sites.South.Volumes.RecoverAsync(v, "failover", new RecoveryRequest(to, null, null), cancellationToken)));
        await Task.WhenAll(volumes.Select(v => Eventually.TrueAsync("it takes writes at south", TimeSpan.FromSeconds(60), async () =>
        {
            try
            {
                // Handed out is not yet writable: a block is written.
                await using var disk = await NbdClient.ConnectAsync(new Uri(await TwoSites.ConnectAsync(sites.South, v, cancellationToken)), cancellationToken);
                await disk.WriteAsync(0, new byte[4096], cancellationToken);
                return true;
            }
            catch (Exception e) when (e is Client.Native.RefusedException or IOException or System.Net.Sockets.SocketException)
            {
                return false;
            }
        }, cancellationToken)));
        return TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }
}
