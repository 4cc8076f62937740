using Skerry.Blocks.Tests.Nbd;
using Skerry.TestKit.Processes;

namespace Skerry.Blocks.Tests.Soak;

/// <summary>One volume under everything at once: writers over NBD and in process, snapshots, clones, copies by real clients.</summary>
internal sealed class SoakVolume(BlockStore store, BlockVolume volume, SoakDisk disk, SoakCounts counts, int seed, string folder)
{
    public const int NbdWriters = 2, Writers = NbdWriters + 1;

    private const int MaxWriteBlocks = 32, MaxSnapshots = 3;
    private static readonly TimeSpan CopyPatience = TimeSpan.FromMinutes(1);

    private readonly List<(string Id, SoakDisk Disk)> _snapshots = [];
    private int _names;

    public async Task RunAsync(CancellationToken stop)
    {
        await using var served = await Served.Start(volume);
        await Task.WhenAll([.. Enumerable.Range(0, NbdWriters).Select(i => OverNbdAsync(i, served.Uri, stop)), InProcessAsync(NbdWriters, stop), ShareAsync(stop)]);
        Assert.Empty(served.Faults);
    }

    /// <summary>Gives up all snapshots, and proves what is left.</summary>
    public async Task RestAsync(CancellationToken cancellationToken)
    {
        while (_snapshots.Count > 0)
        {
            await DropAsync(0, cancellationToken);
        }

        counts.Verified(await disk.RequireAllAsync(volume.Id, volume, cancellationToken));
    }

    private async Task OverNbdAsync(int writer, string uri, CancellationToken stop)
    {
        var chance = new Random(seed + writer);
        await using var client = await NbdClient.ConnectAsync(new Uri(uri), stop);
        var version = 0;
        while (!stop.IsCancellationRequested)
        {
            var (first, count) = Range(writer, chance);
            using (await disk.TurnAsync(writer, CancellationToken.None))
            {
                switch (chance.Next(20))
                {
                    case 0:
                        await client.FlushAsync(CancellationToken.None);
                        break;
                    case < 6:
                        var bytes = new byte[count * SoakDisk.BlockBytes];
                        await client.ReadAsync((long)first * SoakDisk.BlockBytes, bytes, CancellationToken.None);
                        disk.Require($"{volume.Id} over NBD", first, bytes);
                        counts.Verified(bytes.Length);
                        break;
                    default:
                        version = Next(first, version);
                        await client.WriteAsync((long)first * SoakDisk.BlockBytes, SoakDisk.Content(first, count, version), CancellationToken.None, forceUnitAccess: chance.Next(30) == 0);
                        disk.Set(first, count, version);
                        counts.Wrote(count * SoakDisk.BlockBytes);
                        break;
                }
            }

            await PauseAsync(chance);
        }
    }

    private async Task InProcessAsync(int writer, CancellationToken stop)
    {
        var chance = new Random(seed + writer);
        var version = 0;
        while (!stop.IsCancellationRequested)
        {
            var (first, count) = Range(writer, chance);
            var (offset, length) = ((long)first * SoakDisk.BlockBytes, count * SoakDisk.BlockBytes);
            using (await disk.TurnAsync(writer, CancellationToken.None))
            {
                switch (chance.Next(10))
                {
                    case 0:
                        await volume.TrimAsync(offset, length, WriteOptions.None, CancellationToken.None);
                        disk.Set(first, count, 0);
                        break;
                    case 1:
                        await volume.WriteZeroesAsync(offset, length, WriteOptions.KeepAllocated, CancellationToken.None);
                        disk.Set(first, count, 0);
                        break;
                    case 2:
                        await volume.FlushAsync(CancellationToken.None);
                        break;
                    default:
                        version = Next(first, version);
                        await volume.WriteAsync(offset, SoakDisk.Content(first, count, version), WriteOptions.None, CancellationToken.None);
                        disk.Set(first, count, version);
                        counts.Wrote(length);
                        break;
                }
            }

            await PauseAsync(chance);
        }
    }

    /// <summary>Snapshots are taken of a known state, proved while the volume goes on, cloned, copied out and deleted in any order.</summary>
    private async Task ShareAsync(CancellationToken stop)
    {
        var chance = new Random(seed + Writers);
        while (!stop.IsCancellationRequested)
        {
            if (_snapshots.Count < MaxSnapshots)
            {
                var id = $"s{_names++}";
                using (await disk.AllTurnsAsync(CancellationToken.None))
                {
                    await volume.CreateSnapshotAsync(id, CancellationToken.None);
                    _snapshots.Add((id, disk.Copy()));
                }

                counts.Snapshot();
            }

            var chosen = chance.Next(_snapshots.Count);
            switch (chance.Next(4))
            {
                case 0:
                    counts.Verified(await _snapshots[chosen].Disk.RequireAllAsync($"snapshot {_snapshots[chosen].Id} of {volume.Id}", volume.OpenSnapshot(_snapshots[chosen].Id), CancellationToken.None));
                    break;
                case 1:
                    await CloneAsync(_snapshots[chosen].Id, _snapshots[chosen].Disk);
                    break;
                case 2:
                    await CopyOutAsync(_snapshots[chosen].Id, _snapshots[chosen].Disk);
                    break;
                default:
                    await DropAsync(chosen, CancellationToken.None);
                    break;
            }

            await Task.Delay(chance.Next(100), CancellationToken.None);
        }
    }

    private async Task CloneAsync(string snapshotId, SoakDisk expected)
    {
        var clone = await store.CloneAsync($"{volume.Id}-{snapshotId}", volume.Id, snapshotId, CancellationToken.None);
        await clone.BeginRunAsync(1, CancellationToken.None);
        var own = expected.Copy();
        for (var i = 1; i <= 50; i++)
        {
            var first = i * 31 % (own.Blocks - MaxWriteBlocks);
            var version = int.MaxValue - i;
            await clone.WriteAsync((long)first * SoakDisk.BlockBytes, SoakDisk.Content(first, MaxWriteBlocks, version), WriteOptions.None, CancellationToken.None);
            own.Set(first, MaxWriteBlocks, version);
        }

        counts.Verified(await own.RequireAllAsync(clone.Id, clone, CancellationToken.None));
        await store.DeleteAsync(clone.Id, CancellationToken.None);
        counts.Clone();
    }

    private async Task CopyOutAsync(string snapshotId, SoakDisk expected)
    {
        var file = Path.Combine(folder, $"{volume.Id}.copy");
        await using (var served = await Served.Start(volume.OpenSnapshot(snapshotId), readOnly: true))
        {
            (await ProgramRun.RunAsync("nbdcopy", [served.Uri, file], CopyPatience, CancellationToken.None)).Require();
        }

        var bytes = await File.ReadAllBytesAsync(file, CancellationToken.None);
        Assert.Equal((long)expected.Blocks * SoakDisk.BlockBytes, bytes.Length);
        expected.Require($"snapshot {snapshotId} of {volume.Id}, copied out", 0, bytes);
        counts.Verified(bytes.Length);
        counts.Copy();
        File.Delete(file);
    }

    private async Task DropAsync(int index, CancellationToken cancellationToken)
    {
        await volume.DeleteSnapshotAsync(_snapshots[index].Id, cancellationToken);
        _snapshots.RemoveAt(index);
    }

    /// <summary>Above all that this writer has used, so that no block can be mistaken for an older self.</summary>
    private int Next(int first, int version) => Math.Max(version, disk.Version(first)) + 1;

    private (int First, int Count) Range(int writer, Random chance)
    {
        var count = chance.Next(1, MaxWriteBlocks + 1);
        return ((writer * disk.BlocksPerWriter) + chance.Next(disk.BlocksPerWriter - count + 1), count);
    }

    /// <summary>Now and then, so that the load is steady and the machine is left something.</summary>
    private static Task PauseAsync(Random chance) => chance.Next(16) == 0 ? Task.Delay(1, CancellationToken.None) : Task.CompletedTask;
}
