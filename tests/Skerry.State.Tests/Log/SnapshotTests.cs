using Skerry.State.Log;
using Skerry.TestKit.Seeds;

namespace Skerry.State.Tests.Log;

public sealed class SnapshotTests
{
    [Fact]
    public async Task A_snapshot_reads_back_from_chunks_of_any_size()
    {
        await using var a = await FilledAsync();
        var snapshot = a.Replica.TakeSnapshot();
        foreach (var size in new[] { 1, 100, 1000, 1 << 20 })
        {
            var chunks = snapshot.Encode(size).ToArray();
            Assert.Equal(chunks.Select(chunk => chunk.ToArray()), snapshot.Encode(size).Select(chunk => chunk.ToArray()));
            var read = StateSnapshot.Decode(chunks);
            Assert.Equal(snapshot.Digest(), read.Digest());
            Assert.Equal(snapshot.Vector, read.Vector);
            Assert.Equal(snapshot.State.History.Select(s => s.By.Dot), read.State.History.Select(s => s.By.Dot));
        }
    }

    [Fact]
    public async Task Chunks_that_are_missing_repeated_swapped_or_damaged_are_refused_by_name()
    {
        await using var a = await FilledAsync();
        var chunks = a.Replica.TakeSnapshot().Encode(100).ToArray();
        Assert.True(chunks.Length > 5);
        await Chance.ForEachSeedAsync(500, chance =>
        {
            var damaged = chunks.Select(chunk => chunk.ToArray()).ToList();
            var at = chance.Below(damaged.Count);
            switch (chance.Below(4))
            {
                case 0:
                    damaged.RemoveAt(at);
                    break;
                case 1:
                    damaged.Insert(at, damaged[at]);
                    break;
                case 2:
                    damaged[at] = damaged[at][..chance.Below(damaged[at].Length)];
                    break;
                default:
                    damaged[at][chance.Below(damaged[at].Length)] ^= (byte)(1 << chance.Below(8));
                    break;
            }

            Assert.Throws<StateFormatException>(() => StateSnapshot.Decode(damaged.Select(chunk => (ReadOnlyMemory<byte>)chunk)));
            return Task.CompletedTask;
        });
    }

    private static async Task<Site> FilledAsync()
    {
        var a = await Site.OpenAsync(1);
        await using var b = await Site.OpenAsync(2);
        for (var i = 0; i < 20; i++) await a.SetAsync($"x{i}", "name", $"{i}");
        await b.PullAsync(a);
        for (var i = 0; i < 10; i++)
        {
            await a.SetAsync($"x{i}", "name", "of a");
            await b.SetAsync($"x{i}", "name", "of b");
            await a.SetAsync($"x{i}", "held", "of a");
            await b.SetAsync($"x{i}", "held", "of b");
        }

        await a.PullAsync(b);
        for (var i = 0; i < 5; i++)
        {
            await a.SetAsync($"x{i}", "name", "agreed");
            await a.SetAsync($"x{i}", "held", "over");
            await a.DeleteAsync($"x{i + 10}");
        }

        return a;
    }
}
