using Skerry.Blocks;
using Skerry.Blocks.Tests.Log;
using Skerry.Domain.Volumes;
using Skerry.Movers.Native;

namespace Skerry.Movers.Tests.Native.Disasters;

/// <summary>A replica whose files were damaged at rest: told, or harmless; never promoted as other data.</summary>
public sealed class DamageTests
{
    private const int Images = 60;

    [Fact]
    public async Task A_replica_damaged_at_rest_is_refused_or_reads_right_or_tells_which_block_it_cannot_read()
    {
        var chance = new Random(5);
        await using var cloud = new TestCloud();
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var (source, history) = (await north.CreateAsync(128 * IBlockDevice.BlockSize), new DiskHistory());
        for (var i = 0; i < 300; i++)
        {
            await history.WriteAsync(source, chance.Next(120), 1 + chance.Next(3), isTrim: i % 9 == 0);
            if (i == 100)
            {
                await north.FollowAsync(south);
            }
        }

        await north.FollowAsync(south);
        var durable = (await south.Replicas.FindAsync(TestCloud.Volume, CancellationToken.None))!.Number;
        var (refused, told, harmless) = (0, 0, 0);
        for (var i = 0; i < Images; i++)
        {
            var image = south.Files.Kill();
            Damage(image, chance);
            try
            {
                await using var store = BlockStore.Open(
                    new BlockStoreOptions { Directory = "memory", SegmentBytes = 1 << 20, CheckpointBytes = 4 << 20 }, image);
                var replicas = new NativeReplicas(new BlockStoreSet(new Dictionary<string, BlockStore> { ["ssd"] = store }), Skerry.Domain.Recovery.BootClock.System);
                using var hold = await replicas.SettleAsync(TestCloud.Volume, CancellationToken.None);
                Assert.True(hold.Copy?.Number >= durable, $"image {i}: it is at {hold.Copy?.Number}, and {durable} was called durable");
                var volume = await store.OpenAsync(TestCloud.Volume, CancellationToken.None);
                var lost = await history.CountUnreadableAsync(volume, volume.Lineage, $"image {i}");
                (told, harmless) = lost > 0 ? (told + 1, harmless) : (told, harmless + 1);
            }
            catch (Exception e) when (e is BlockException or DriverException)
            {
                Assert.Contains(((e as BlockException) ?? (BlockException)e.InnerException!).Error, (BlockError[])[BlockError.Corrupt, BlockError.Io]);
                refused++;
            }
        }

        Assert.True(refused > 0 && told > 0 && harmless > 0, $"{refused} refused, {told} told which block, {harmless} harmless: this proves too little");
    }

    /// <summary>Turns some bytes that are in use.</summary>
    private static void Damage(FaultyStorage image, Random chance)
    {
        var names = image.List().Where(n => image.Bytes(n).AsSpan().ContainsAnyExcept((byte)0)).ToList();
        var bytes = image.Bytes(names[chance.Next(names.Count)]);
        var end = bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        var at = chance.Next(end);
        foreach (ref var one in bytes.AsSpan(at, Math.Min(1 + chance.Next(64), end - at)))
        {
            one ^= (byte)(1 + chance.Next(255));
        }
    }
}
