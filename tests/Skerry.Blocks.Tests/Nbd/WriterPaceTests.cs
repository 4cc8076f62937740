using Skerry.Blocks.Nbd;
using Skerry.TestKit.Files;
using Skerry.TestKit.Time;

namespace Skerry.Blocks.Tests.Nbd;

/// <summary>Who follows a volume may hold its writers back, within a bound, and for no longer than it helps.</summary>
public sealed class WriterPaceTests
{
    private const int Mebi = 1 << 20;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connection_waits_at_most_three_fifths_of_its_time_however_slow_the_follower_is()
    {
        using TemporaryDirectory directory = new();
        await using BlockStore store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory.Path }, Ct);
        using WriteTap tap = await PressedAsync(store);
        BlockVolume volume = await store.OpenAsync("disk", Ct);
        ManualTime time = new();
        WriterPace pace = new(volume, time);
        const int seed = 3;
        Random random = new(seed);
        (double worked, double waited) = (0, 0);
        for (int i = 0; i < 24; i++)
        {
            int work = random.Next(0, 9);
            worked += work;
            time.Advance(TimeSpan.FromMilliseconds(work));
            if (pace.IsDue)
            {
                pace.Wait(() =>
                {
                    // The last look may come a step late.
                    time.Advance(TimeSpan.FromMilliseconds(0.5));
                    waited += 0.5;
                    return true;
                });
            }

            Assert.True(waited <= (1.5 * worked) + (0.5 * (i + 1)), $"seed {seed}, step {i}: waited {waited} ms and worked {worked}");
        }

        Assert.True(waited > worked, $"waited {waited} ms and worked {worked}");
    }

    [Fact]
    public async Task A_wait_ends_when_the_follower_has_caught_up_or_takes_it_back_or_has_ended()
    {
        using TemporaryDirectory directory = new();
        await using BlockStore store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory.Path }, Ct);
        using WriteTap tap = await PressedAsync(store);
        BlockVolume volume = await store.OpenAsync("disk", Ct);
        Assert.True(volume.IsPressed);
        tap.PressingBytes = 0;
        Assert.False(volume.IsPressed);
        tap.PressingBytes = 4096;
        ManualTime time = new();
        WriterPace pace = new(volume, time);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(pace.IsDue);

        // The clock stands: the wait ends because somebody reads.
        int looks = 0;
        pace.Wait(() =>
        {
            if (++looks == 2)
            {
                tap.ReadAsync(64 * Mebi, Ct).AsTask().GetAwaiter().GetResult()!.Dispose();
            }

            return looks < 100;
        });
        Assert.Equal(2, looks);
        Assert.False(volume.IsPressed);

        await volume.WriteAsync(0, new byte[8192], WriteOptions.None, Ct);
        await volume.WriteAsync(0, Filled(8192), WriteOptions.None, Ct);
        Assert.True(volume.IsPressed);
        tap.Dispose();
        Assert.False(volume.IsPressed);
    }

    [Fact]
    public async Task Writes_of_a_client_that_is_held_back_all_arrive_and_so_do_reads()
    {
        using TemporaryDirectory directory = new();
        await using BlockStore store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory.Path }, Ct);
        using WriteTap tap = await PressedAsync(store);
        BlockVolume volume = await store.OpenAsync("disk", Ct);
        await using Served served = await Served.Start(volume);
        using RawClient client = served.Connect();
        for (int round = 0; round < 8; round++)
        {
            client.AskTogether([.. Enumerable.Range(0, 8).Select(i => (RawClient.Write, (ulong)i, (ulong)i * 65536, Filled(65536, round + 1)))]);
            Assert.Equal(Enumerable.Range(0, 8).Select(i => (ulong)i), Enumerable.Range(0, 8).Select(_ => client.Next().Cookie).Order());
        }

        byte[] read = new byte[8 * 65536];
        await volume.ReadAsync(0, read, Ct);
        Assert.Equal(Filled(8 * 65536, 8), read);
        Assert.True(volume.IsPressed);
    }

    /// <summary>A volume "disk" with more behind it than its follower wants, which reads nothing.</summary>
    private static async Task<WriteTap> PressedAsync(BlockStore store)
    {
        BlockVolume volume = await store.CreateAsync("disk", Mebi, Ct);
        await volume.BeginRunAsync(1, Ct);
        WriteTap tap = await volume.OpenTapAsync(64 * Mebi, Ct);
        tap.PressingBytes = 4096;
        await volume.WriteAsync(0, Filled(8192), WriteOptions.None, Ct);
        return tap;
    }

    private static byte[] Filled(int bytes, int value = 7) => [.. Enumerable.Repeat((byte)value, bytes)];
}
