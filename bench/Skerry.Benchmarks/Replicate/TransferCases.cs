using Skerry.Client.Native.Wire;
using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Replicate;

/// <summary>A whole disk, its changes, and nothing: by two sites, and by what people use, in turn.</summary>
/// <remarks>
/// Our time goes from the request for a run until the source's site says that the replica has it: on stable storage there, digests
/// compared. The peers' go from the start of their command to its end, which for rsync means in the target's page cache.
/// </remarks>
internal sealed class TransferCases(TwoSites sites, TestDisk disk, TransferPeers peers, Selection selection)
{
    public const string Full = "full-copy", Packed = "full-copy-compressed", Plain = "full-copy-uncompressed", Increment = "increment", Unchanged = "unchanged";

    private const string PlainConfiguration = "\n[replication]\ncompress = no\n", PackedConfiguration = "\n[replication]\ncompress = yes\n";

    private readonly Samples _samples = new();
    private readonly Samples _bytes = new();

    public async Task<IReadOnlyList<Comparison>> RunAsync(CancellationToken cancellationToken)
    {
        for (var round = 1; round <= selection.Rounds; round++)
        {
            await ConfiguredAsync(Plain, PlainConfiguration, round, cancellationToken);
            await ConfiguredAsync(Packed, PackedConfiguration, round, cancellationToken);
            if (selection.Takes(Full) || selection.Takes(Increment) || selection.Takes(Unchanged))
            {
                await WarmUpAsync(cancellationToken);
                await OursAsync($"disk-{round}", Full, round, cancellationToken);
            }

            foreach (var peer in round % 2 == 1 ? peers.All : Enumerable.Reverse(peers.All))
            {
                await peer.PrepareAsync(cancellationToken);
                peers.LastChange = null;
                await TheirsAsync(peer, Full, cancellationToken);
            }

            await disk.ChangeFileAsync(disk.Path, round, cancellationToken);
            foreach (var peer in peers.All.Where(p => p.KnowsIncrements && (selection.Takes(Increment) || selection.Takes(Unchanged))))
            {
                peers.LastChange = round;
                await TheirsAsync(peer, Increment, cancellationToken);
                peers.LastChange = null;
                await TheirsAsync(peer, Unchanged, cancellationToken);
            }

            if (peers.Ssh is { } ssh && selection.Takes(Increment))
            {
                _samples.Add(Increment, KnownBlocks.Name, await KnownBlocks.SendAsync(ssh, disk, round, Path.ChangeExtension(disk.Path, ".known"), cancellationToken));
            }
        }

        return [.. Rows()];
    }

    private async Task ConfiguredAsync(string name, string configuration, int round, CancellationToken cancellationToken)
    {
        if (selection.Takes(name))
        {
            await sites.RestartNorthAsync(configuration, cancellationToken);
            await WarmUpAsync(cancellationToken);
            await OursAsync($"{name}-{round}", name, null, cancellationToken);
            await sites.RestartNorthAsync("", cancellationToken);
        }
    }

    /// <summary>
    /// Sites run for months: what a transfer does is compiled before one is measured, as the peers are. Twice, since what is called
    /// often is compiled anew by what was seen the first time.
    /// </summary>
    private async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < 2; i++)
        {
            await MoveOneAsync(cancellationToken);
            await sites.RestAsync(cancellationToken);
        }
    }

    private async Task MoveOneAsync(CancellationToken cancellationToken)
    {
        var volume = await sites.MakeVolumeAsync("warm-up", 1, cancellationToken);
        var uri = await TwoSites.ConnectAsync(sites.North, volume, cancellationToken);
        (await StreamCases.FioAsync(uri, ["--rw=write", "--bs=1m", "--iodepth=4", "--io_size=512m"], cancellationToken)).Require();
        var asked = DateTimeOffset.UtcNow;
        var replication = await sites.ReplicateAsync(volume, "one-time", cancellationToken);
        await sites.SyncedAsync(replication, asked, cancellationToken);
        await sites.DropVolumeAsync(volume, replication, cancellationToken);
    }

    private async Task OursAsync(string name, string fullCase, int? changes, CancellationToken cancellationToken)
    {
        var volume = await sites.MakeVolumeAsync(name, disk.Gibibytes, cancellationToken);
        var uri = await TwoSites.ConnectAsync(sites.North, volume, cancellationToken);
        (await ProgramRun.RunAsync("nbdcopy", ["--flush", disk.Path, uri], TimeSpan.FromMinutes(3), cancellationToken)).Require();
        var replication = "";
        await MeasureAsync(fullCase, async () =>
        {
            var asked = DateTimeOffset.UtcNow;
            replication = await sites.ReplicateAsync(volume, "one-time", cancellationToken);
            return await sites.SyncedAsync(replication, asked, cancellationToken);
        }, cancellationToken);

        if (changes is { } seed && (selection.Takes(Increment) || selection.Takes(Unchanged)))
        {
            await disk.ChangeVolumeAsync(uri, seed, cancellationToken);
            await MeasureAsync(Increment, () => SyncAsync(replication, cancellationToken), cancellationToken);
            for (var i = 0; i < 3; i++)
            {
                await MeasureAsync(Unchanged, () => SyncAsync(replication, cancellationToken), cancellationToken);
            }
        }

        await sites.DropVolumeAsync(volume, replication, cancellationToken);
    }

    private async Task<ReplicationRecord> SyncAsync(string replication, CancellationToken cancellationToken)
    {
        var asked = DateTimeOffset.UtcNow;
        await sites.North.Replications.ActAsync(replication, "sync", cancellationToken);
        return await sites.SyncedAsync(replication, asked, cancellationToken);
    }

    private async Task MeasureAsync(string name, Func<Task<ReplicationRecord>> runAsync, CancellationToken cancellationToken)
    {
        await SettleAsync(cancellationToken);
        var before = await WireBytesAsync(cancellationToken);
        var cores = CoreTime.Now();
        var (north, south) = sites.CoreSeconds();
        var started = TimeProvider.System.GetTimestamp();
        var done = await runAsync();
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var used = CoreTime.Now() - cores;
        var (northAfter, southAfter) = sites.CoreSeconds();
        var wire = await WireBytesAsync(cancellationToken) - before;
        _samples.Add(name, Samples.Ours, seconds);
        _bytes.Add(name, Samples.Ours, wire);
        await Console.Error.WriteLineAsync(
            $"bench: {name}: {seconds:0.000} s, {wire:0} bytes of frames, transfer itself {(done.Source?.LastTransfer is { EndedAt: { } end, StartedAt: { } start } ? (end - start).TotalSeconds : 0):0.000} s; {used}, source {northAfter - north:0.00}, replica {southAfter - south:0.00}");
    }

    private async Task TheirsAsync(TransferPeer peer, string name, CancellationToken cancellationToken)
    {
        if (name != Full && !selection.Takes(name) && !(name == Increment && selection.Takes(Unchanged)))
        {
            return;
        }

        if (peer.BeforeCopyAsync is { } prepareAsync)
        {
            await prepareAsync(cancellationToken);
        }

        await SettleAsync(cancellationToken);
        var cores = CoreTime.Now();
        var started = TimeProvider.System.GetTimestamp();
        await peer.CopyAsync(cancellationToken);
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var used = CoreTime.Now() - cores;
        _samples.Add(name, peer.Name, seconds);
        await Console.Error.WriteLineAsync($"bench: {name}: {peer.Name} {seconds:0.000} s; {used}");
    }

    /// <summary>What the one before left to be written back is not the next one's to pay for.</summary>
    private static async Task SettleAsync(CancellationToken cancellationToken) =>
        (await ProgramRun.RunAsync("sync", [], TimeSpan.FromMinutes(2), cancellationToken)).Require();

    private Task<double> WireBytesAsync(CancellationToken cancellationToken) => sites.CounterAsync("skerry_mover_wire_bytes_total", cancellationToken);

    private IEnumerable<Comparison> Rows()
    {
        foreach (var name in new[] { Full, Packed, Plain, Increment, Unchanged })
        {
            if (_samples.Median(name, Samples.Ours) is not { } ours)
            {
                continue;
            }

            foreach (var peer in peers.All.Select(p => p.Name).Append(KnownBlocks.Name))
            {
                if (_samples.Median(name is Plain or Packed ? Full : name, peer) is { } theirs)
                {
                    yield return new Comparison(name, ours, "s", peer, theirs, GoalOf(name, peer), LessIsBetter: true);
                }
            }

            var bytes = _bytes.Median(name, Samples.Ours)!.Value;
            var (what, reference, goal) = name switch
            {
                Packed => ("allocated", disk.AllocatedBytes, 1 / 0.65),
                Full or Plain => ("allocated", disk.AllocatedBytes, (double?)null),
                Increment => ("changed", disk.ChangedBytes, 1 / 0.8),
                _ => ("bound", 1024, 1),
            };
            yield return new Comparison($"{name}-bytes", bytes, "bytes", what, reference, goal, LessIsBetter: true);
            if (name == Unchanged)
            {
                yield return new Comparison(name, ours, "s", "bound", 0.1, 1, LessIsBetter: true);
            }
        }
    }

    private static double? GoalOf(string name, string peer) => (name, peer) switch
    {
        (Full, TransferPeers.Rsync) => 5,
        (Packed, TransferPeers.NbdCopy) => 1 / 2.5,
        (Plain, TransferPeers.NbdCopy) => 1 / 1.5,
        (Increment, TransferPeers.Rsync) => 15,
        (Increment, KnownBlocks.Name) => 1 / 1.5,
        _ => null,
    };
}
