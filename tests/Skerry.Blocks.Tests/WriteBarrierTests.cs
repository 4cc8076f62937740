using Skerry.Blocks.Tests.Log;

namespace Skerry.Blocks.Tests;

/// <summary>
/// A counter is written round-robin to the volumes of two stores, each number only after the one before was acknowledged. So a cut is
/// consistent exactly when the numbers in it are the first K of that order.
/// </summary>
public sealed class WriteBarrierTests
{
    private const int Members = 8;

    [Fact]
    public async Task Every_cut_through_the_numbers_shows_a_prefix_of_the_order_of_writes()
    {
        await using var rig = await Rig.OpenAsync();
        var cuts = new List<long[]>();
        var writing = rig.WriteAsync(3_000);
        while (!writing.IsCompleted || cuts.Count <= 10)
        {
            writing = await rig.GoOnAsync(writing);
            long[] seen = [];
            if (WriteBarrier.TryHold(rig.Volumes, TimeSpan.FromSeconds(1), TimeProvider.System, () => seen = rig.Numbers()) is not null)
            {
                cuts.Add(seen);
            }

            await Task.Yield();
        }

        await writing;
        Assert.True(cuts.Count > 10, $"only {cuts.Count} cuts were taken");
        Assert.All(cuts, AssertPrefix);
        Assert.True(cuts.Select(cut => cut.Sum()).Distinct().Count() > 5, "all cuts were taken at one place");
    }

    [Fact]
    public async Task Snapshots_begun_within_a_barrier_and_marks_in_taps_are_of_one_instant()
    {
        await using var rig = await Rig.OpenAsync();
        var taps = new List<WriteTap>();
        foreach (var volume in rig.Volumes)
        {
            taps.Add(await volume.OpenTapAsync(1 << 30, CancellationToken.None));
        }

        var writing = rig.WriteAsync(2_000);
        var cuts = new List<string>();
        while (!writing.IsCompleted || cuts.Count <= 3)
        {
            writing = await rig.GoOnAsync(writing);
            var id = $"cut-{cuts.Count}";
            var snapshots = new List<ValueTask<SnapshotInfo>>();
            var hold = WriteBarrier.TryHold(rig.Volumes, TimeSpan.FromSeconds(1), TimeProvider.System, () =>
            {
                Assert.All(taps, tap => Assert.True(tap.SetMark(id, DateTimeOffset.UnixEpoch)));
                foreach (var volume in rig.Volumes)
                {
                    snapshots.Add(volume.CreateSnapshotAsync(id, CancellationToken.None));
                }
            });
            if (hold is null)
            {
                continue;
            }

            cuts.Add(id);
            var numbers = new long[Members];
            for (var i = 0; i < Members; i++)
            {
                numbers[i] = (await snapshots[i]).Lineage.LastNumber;
            }

            AssertPrefix(numbers);
            await Task.Delay(1);
        }

        await writing;
        Assert.True(cuts.Count > 3, $"only {cuts.Count} cuts were taken");
        var marked = new long[cuts.Count, Members];
        for (var i = 0; i < Members; i++)
        {
            foreach (var (id, number) in await MarksOfAsync(taps[i], rig.Volumes[i], cuts.Count))
            {
                marked[cuts.IndexOf(id), i] = number;
            }
        }

        for (var cut = 0; cut < cuts.Count; cut++)
        {
            AssertPrefix([.. Enumerable.Range(0, Members).Select(i => marked[cut, i])]);
        }
    }

    [Fact]
    public async Task A_barrier_is_given_up_when_a_store_is_busy_for_longer_than_writes_may_be_held()
    {
        await using var rig = await Rig.OpenAsync();
        using var busy = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var other = Task.Run(() => WriteBarrier.TryHold([rig.Volumes[0]], TimeSpan.FromSeconds(5), TimeProvider.System, () =>
        {
            busy.Set();
            release.Wait();
        }));
        busy.Wait(CancellationToken.None);
        var was = false;
        Assert.Null(WriteBarrier.TryHold(rig.Volumes, TimeSpan.FromMilliseconds(30), TimeProvider.System, () => was = true));
        Assert.False(was);
        release.Set();
        await other;
        await rig.WriteAsync(16);
        AssertPrefix(rig.Numbers());
    }

    private static async Task<List<(string Id, long Number)>> MarksOfAsync(WriteTap tap, BlockVolume volume, int count)
    {
        var (marks, number) = (new List<(string, long)>(), tap.StartsAfter);
        while (marks.Count < count)
        {
            using var batch = await tap.ReadAsync(1 << 20, CancellationToken.None);
            Assert.NotNull(batch);
            foreach (var write in batch.Writes)
            {
                Assert.Equal(++number, write.Number);
            }

            if (batch.Mark is { } mark)
            {
                Assert.Equal(number, mark.Number);
                marks.Add((mark.Id, mark.Number));
            }
        }

        Assert.True(number <= volume.Lineage.LastNumber);
        return marks;
    }

    private static void AssertPrefix(long[] numbers)
    {
        var total = numbers.Sum();
        for (var i = 0; i < Members; i++)
        {
            Assert.True(
                numbers[i] == (total / Members) + (i < total % Members ? 1 : 0),
                $"member {i} has {numbers[i]} of {total}: {string.Join(' ', numbers)} is no prefix of the order");
        }
    }

    private sealed class Rig : IAsyncDisposable
    {
        private readonly List<BlockStore> _stores = [];

        public List<BlockVolume> Volumes { get; } = [];

        public static async Task<Rig> OpenAsync()
        {
            var rig = new Rig();
            for (var i = 0; i < 2; i++)
            {
                rig._stores.Add(BlockStore.Open(
                    new BlockStoreOptions { Directory = "memory", SegmentBytes = 1 << 20, CheckpointBytes = 4 << 20 }, new FaultyStorage()));
            }

            for (var i = 0; i < Members; i++)
            {
                var volume = await rig._stores[i % 2].CreateAsync($"v{i}", 64 * Sizes.Block, CancellationToken.None);
                await volume.BeginRunAsync(1, CancellationToken.None);
                rig.Volumes.Add(volume);
            }

            return rig;
        }

        public long[] Numbers() => [.. Volumes.Select(volume => volume.Lineage.LastNumber)];

        /// <summary>The same writes while they last, and more after them, in the same order: a busy machine may take few cuts meanwhile.</summary>
        public async ValueTask<Task> GoOnAsync(Task writing)
        {
            if (!writing.IsCompleted)
            {
                return writing;
            }

            await writing;
            return WriteAsync(100 * Members);
        }

        public Task WriteAsync(int count) => Task.Run(async () =>
        {
            var block = new byte[Sizes.Block];
            for (var k = 0; k < count; k++)
            {
                BitConverter.TryWriteBytes(block, k);
                var options = k % 50 == 7 ? WriteOptions.ForceUnitAccess : WriteOptions.None;
                await Volumes[k % Members].WriteAsync(k / Members % 64 * Sizes.Block, block, options, CancellationToken.None);
            }
        });

        public async ValueTask DisposeAsync()
        {
            foreach (var store in _stores)
            {
                await store.DisposeAsync();
            }
        }
    }
}
