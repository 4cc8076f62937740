using Skerry.Blocks;
using Skerry.Domain.Replication;

namespace Skerry.Movers.Tests.Native;

public sealed class NativeMoverTests
{
    private const long Size = 8 << 20;

    [Fact]
    public async Task An_instant_replica_gets_a_first_copy_and_then_every_write()
    {
        await using var cloud = new TestCloud();
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        await WriteAsync(source, 0, 300_000, seed: 1);
        await north.FollowAsync(south);
        await AssertSameAsync(source, await south.OpenAsync());

        for (var i = 0; i < 50; i++)
        {
            await WriteAsync(source, i * 12_288, 5_000, seed: i);
        }

        await source.TrimAsync(65_536, 65_536, WriteOptions.None, CancellationToken.None);
        await north.FollowAsync(south);
        await AssertSameAsync(source, await south.OpenAsync());
        var copy = await south.Replicas.FindAsync(TestCloud.Volume, CancellationToken.None);
        Assert.True(copy is { IsWhole: true, IsCatchingUp: false, IsConnected: true });
        Assert.Equal(source.Lineage.LastNumber, copy.Number);
    }

    internal static async Task WriteAsync(BlockVolume volume, long offset, int length, int seed)
    {
        var data = new byte[length];
        new Random(seed).NextBytes(data);
        await volume.WriteAsync(offset, data, WriteOptions.None, CancellationToken.None);
    }

    internal static async Task AssertSameAsync(IBlockDevice one, IBlockDevice other)
    {
        Assert.Equal(one.SizeBytes, other.SizeBytes);
        var (a, b) = (new byte[one.SizeBytes], new byte[other.SizeBytes]);
        await one.ReadAsync(0, a, CancellationToken.None);
        await other.ReadAsync(0, b, CancellationToken.None);
        Assert.True(a.AsSpan().SequenceEqual(b), $"they differ at byte {a.AsSpan().CommonPrefixLength(b)}");
    }
}
