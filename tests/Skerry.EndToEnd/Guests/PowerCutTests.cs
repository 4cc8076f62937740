using Skerry.Blocks;
using Skerry.Blocks.Tests.Log;
using Skerry.Demo;

namespace Skerry.EndToEnd.Guests;

/// <summary>
/// A guest boots from one volume and keeps committing to another, on storage that forgets what was not synced when the power goes.
/// </summary>
[Collection(GuestCollection.Name)]
public sealed class PowerCutTests(BootDisk bootDisk)
{
    private static readonly BlockStoreOptions Options = new() { Directory = "memory", SegmentBytes = 4 << 20, CheckpointBytes = 16 << 20 };
    private readonly int _seed = int.TryParse(Environment.GetEnvironmentVariable("SKERRY_SEED"), out var seed) ? seed : Random.Shared.Next();

    [Fact]
    public async Task What_a_guest_has_committed_is_in_snapshots_and_outlives_its_death_and_power_cuts()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {_seed}: SKERRY_SEED={_seed} replays what the power cuts leave");
        var chance = new Random(_seed);
        var storage = new FaultyStorage();
        await using var store = BlockStore.Open(Options, storage);
        await using var server = await VolumeServer.StartAsync(cancellationToken);
        var boot = await server.ServeAsync("boot", await store.CreateAsync("boot", BootDisk.SizeBytes, cancellationToken), cancellationToken);
        var data = await server.ServeAsync("data", await store.CreateAsync("data", 512L << 20, cancellationToken), cancellationToken);
        (await Stage.RunAsync("nbdcopy", cancellationToken, "--flush", bootDisk.ImagePath, $"nbd://{boot.Server}/boot")).Require();

        await using var guest = await Guest.BootAsync([boot, data], cancellationToken);
        await guest.RunAsync("prepare vdb", cancellationToken);
        await guest.RunAsync("load", cancellationToken);
        await guest.CommitsAsync(30, cancellationToken);

        var beforeSnapshot = guest.Committed;
        await (await store.OpenAsync("data", cancellationToken)).CreateSnapshotAsync("while-it-runs", cancellationToken);
        await store.CloneAsync("snapshot", "data", "while-it-runs", cancellationToken);
        await guest.CommitsAsync(30, cancellationToken);

        var beforeCut = guest.Committed;
        var torn = storage.Crash(chance);
        await guest.CommitsAsync(10, cancellationToken);
        await Task.Delay(chance.Next(100), cancellationToken);
        await guest.KillAsync();
        var bare = storage.Crash(chance, Unsynced.Lost);
        var beforeDeath = guest.Committed;

        await using var tornStore = BlockStore.Open(Options, torn);
        await using var bareStore = BlockStore.Open(Options, bare);
        await using var doctor = await Guest.BootAsync(
            [
                boot,
                data,
                await server.ServeAsync("snapshot", await store.OpenAsync("snapshot", cancellationToken), cancellationToken),
                await server.ServeAsync("torn", await tornStore.OpenAsync("data", cancellationToken), cancellationToken),
                await server.ServeAsync("bare", await bareStore.OpenAsync("data", cancellationToken), cancellationToken),
            ],
            cancellationToken);
        await doctor.FindsAllAsync("vdb", beforeDeath, "after SIGKILL of the guest", cancellationToken);
        await doctor.FindsAllAsync("vdc", beforeSnapshot, "in a snapshot of the running guest", cancellationToken);
        await doctor.FindsAllAsync("vdd", beforeCut, "after a power cut that kept some of what was not synced", cancellationToken);
        await doctor.FindsAllAsync("vde", beforeDeath, "after a power cut that kept nothing but what was synced", cancellationToken);
        Assert.Empty(server.Faults);
    }
}
