using Skerry.Client.Native;
using Skerry.Client.Native.Wire;
using Skerry.Demo;
using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Replicate;

/// <summary>Failovers of instant replicas: from the command until the other site hands out disks that take a write.</summary>
internal sealed class FailoverCases(TwoSites sites, Selection selection)
{
    private const string Planned = "failover-planned-1", Many = "failover-planned-100", Forced = "failover-forced-1";
    private const int ManyVolumes = 100;
    private const double PublishedForOneSeconds = 3.6, PublishedForTwentySeconds = 42.8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Often enough not to be part of what is measured, and seldom enough not to slow it.</summary>
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(10);

    public async Task<IReadOnlyList<Comparison>> RunAsync(CancellationToken cancellationToken)
    {
        List<Comparison> rows = [];
        if (selection.Takes(Planned) || selection.Takes(Forced))
        {
            var id = await MakeAsync("failover", cancellationToken);
            var relation = await sites.ReplicateAsync(id, "instant", cancellationToken);
            if (selection.Takes(Planned))
            {
                var seconds = await MedianAsync(async () =>
                {
                    var there = await MoveAsync([id], [relation], sites.North, sites.South, "south", force: false, cancellationToken);
                    await MoveAsync([id], [relation], sites.South, sites.North, "north", force: false, cancellationToken);
                    return there;
                });
                rows.AddRange(Rows(Planned, seconds, 1, PublishedForOneSeconds));
            }

            if (selection.Takes(Forced))
            {
                var seconds = await MedianAsync(async () =>
                {
                    await FollowedAsync(sites.North, [relation], cancellationToken);
                    await sites.KillNorthAsync();
                    var lost = await MoveAsync([id], [], sites.South, sites.South, "south", force: true, cancellationToken);
                    await sites.StartNorthAsync(cancellationToken);
                    await MoveAsync([id], [relation], sites.South, sites.North, "north", force: false, cancellationToken);
                    return lost;
                });
                rows.AddRange(Rows(Forced, seconds, 2, null));
            }
        }

        if (selection.Takes(Many))
        {
            var ids = await Task.WhenAll(Enumerable.Range(0, ManyVolumes).Select(i => MakeAsync($"failover-{i}", cancellationToken)));
            var relations = await Task.WhenAll(ids.Select(id => sites.ReplicateAsync(id, "instant", cancellationToken)));
            rows.AddRange(Rows(
                Many, await MoveAsync(ids, relations, sites.North, sites.South, "south", force: false, cancellationToken), 5, PublishedForTwentySeconds));
        }

        return rows;
    }

    private static IEnumerable<Comparison> Rows(string name, double seconds, double goalSeconds, double? peerSeconds)
    {
        yield return new Comparison(name, seconds, "s", "bound", goalSeconds, 1, LessIsBetter: true);
        if (peerSeconds is { } peer)
        {
            yield return new Comparison(name, seconds, "s", name == Many ? "rbd-mirror with 20, as published" : "rbd-mirror, as published", peer, null, LessIsBetter: true);
        }
    }

    private async Task<double> MedianAsync(Func<Task<double>> measureAsync)
    {
        List<double> all = [];
        for (var round = 0; round < selection.Rounds; round++)
        {
            all.Add(await measureAsync());
        }

        Console.Error.WriteLine($"bench: failovers took {string.Join(", ", all.Select(s => $"{s:0.000}"))} s");
        return all.Order().ElementAt(all.Count / 2);
    }

    private Task<string> MakeAsync(string name, CancellationToken cancellationToken) => sites.MakeVolumeAsync(name, 1, cancellationToken);

    /// <summary>Waits until a primary's site says that its replicas are whole.</summary>
    private static Task FollowedAsync(SkerryClient primary, IReadOnlyList<string> relations, CancellationToken cancellationToken) =>
        Task.WhenAll(relations.Select(r => Eventually.TrueAsync("the replica is whole", Patience, async () =>
            await primary.Replications.ShowAsync(r, cancellationToken) is { Status: "active - secondary", Source: { Transfer: null, LagBytes: 0 } }, cancellationToken)));

    private static async Task<double> MoveAsync(
        IReadOnlyList<string> volumes, IReadOnlyList<string> relations, SkerryClient from, SkerryClient to, string toName, bool force,
        CancellationToken cancellationToken)
    {
        await FollowedAsync(from, relations, cancellationToken);

        // The site that is asked has to know so too; and what the move before this one had to do is over.
        await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
        var started = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(volumes.Select(async v =>
        {
            await to.Volumes.RecoverAsync(v, "failover", new RecoveryRequest(toName, force ? true : null, null), cancellationToken);
            while (!await IsWritableAsync(to, v, cancellationToken))
            {
                if (TimeProvider.System.GetElapsedTime(started) > Patience)
                {
                    throw new TimeoutException($"volume {v} takes no writes at {toName}");
                }

                await Task.Delay(AskEvery * Math.Max(1, volumes.Count / 10), cancellationToken);
            }
        }));
        return TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Handed out is not yet writable: a block is written.</summary>
    private static async Task<bool> IsWritableAsync(SkerryClient at, string volumeId, CancellationToken cancellationToken)
    {
        try
        {
            await using var disk = await NbdClient.ConnectAsync(new Uri(await TwoSites.ConnectAsync(at, volumeId, cancellationToken)), cancellationToken);
            await disk.WriteAsync(0, new byte[4096], cancellationToken);
        }
        catch (Exception e) when (e is RefusedException or IOException or System.Net.Sockets.SocketException)
        {
            return false;
        }

        foreach (var connection in await at.Volumes.ConnectionsAsync(volumeId, cancellationToken))
        {
            await at.Volumes.DisconnectAsync(volumeId, connection.Id, cancellationToken);
        }

        return true;
    }
}
