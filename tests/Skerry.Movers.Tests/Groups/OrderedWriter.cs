using System.Buffers.Binary;
using Skerry.Blocks;
using Skerry.Movers.Tests.Recovery;

namespace Skerry.Movers.Tests.Groups;

/// <summary>
/// Writes a counter round-robin to the volumes of a group, each number only after the one before was acknowledged. So the numbers in
/// the volumes at one instant are the first K, whatever K is; and what is in them when they are not of one instant mostly is not.
/// </summary>
internal sealed class OrderedWriter(IReadOnlyList<string> volumeIds)
{
    private const int Slots = 512;
    private long _next = 1;

    /// <summary>The last number that was acknowledged.</summary>
    public long Acknowledged => _next - 1;

    /// <summary>Until the token ends it or a write fails.</summary>
    public async Task RunAsync(LiveSite site, CancellationToken cancellationToken)
    {
        await Task.Yield();
        var volumes = new List<BlockVolume>();
        foreach (var id in volumeIds)
        {
            volumes.Add(await site.OpenAsync(id));
        }

        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await WriteAsync(volumes);
                if (_next % 64 == 0)
                {
                    await Task.Delay(1, CancellationToken.None);
                }
            }
        }
        catch (BlockException)
        {
            // The site is gone, or the volume is handed over.
        }
    }

    public async Task WriteAsync(LiveSite site, int count)
    {
        var volumes = new List<BlockVolume>();
        foreach (var id in volumeIds)
        {
            volumes.Add(await site.OpenAsync(id));
        }

        for (; count > 0; count--)
        {
            await WriteAsync(volumes);
        }
    }

    /// <summary>The devices hold the first K numbers, K at least <paramref name="least"/>; answers K, from where the writer goes on.</summary>
    public async Task<long> AssertPrefixAsync(IReadOnlyList<IBlockDevice> devices, long least, string what)
    {
        var highest = new long[devices.Count];
        for (var i = 0; i < devices.Count; i++)
        {
            var content = new byte[Slots * IBlockDevice.BlockSize];
            await devices[i].ReadAsync(0, content, CancellationToken.None);
            for (var slot = 0; slot < Slots; slot++)
            {
                highest[i] = Math.Max(highest[i], BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(slot * IBlockDevice.BlockSize)));
            }

            // Within a volume nothing is missing below the highest.
            for (var number = highest[i]; number > 0 && number > highest[i] - ((long)Slots * devices.Count); number -= devices.Count)
            {
                var at = (int)((number - 1) / devices.Count % Slots) * IBlockDevice.BlockSize;
                Assert.True(
                    BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(at)) == number,
                    $"{what}: volume {i} has number {highest[i]} and not {number}");
            }
        }

        var last = highest.Max();
        for (var i = 0; i < devices.Count; i++)
        {
            // The greatest number up to the last one that is this volume's turn.
            var wanted = last - ((((last - 1 - i) % devices.Count) + devices.Count) % devices.Count);
            Assert.True(highest[i] == Math.Max(0, wanted), $"{what}: {string.Join(' ', highest)} is no prefix of the order: volume {i} should have {wanted}");
        }

        Assert.True(last >= least, $"{what}: it ends at {last}, before {least}");
        return last;
    }

    /// <summary>After a recovery the order goes on from what is there.</summary>
    public void GoOnAfter(long last) => _next = last + 1;

    private async ValueTask WriteAsync(List<BlockVolume> volumes)
    {
        var block = new byte[IBlockDevice.BlockSize];
        BinaryPrimitives.WriteInt64LittleEndian(block, _next);
        var slot = (_next - 1) / volumes.Count % Slots;
        await volumes[(int)((_next - 1) % volumes.Count)].WriteAsync(
            slot * IBlockDevice.BlockSize, block, _next % 100 == 37 ? WriteOptions.ForceUnitAccess : WriteOptions.None, CancellationToken.None);
        _next++;
    }
}
