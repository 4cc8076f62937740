using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
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

    [Fact]
    public async Task Flags_of_a_mutation_marks_and_retired_incarnations_are_kept_also_those_of_the_future()
    {
        await using var a = await FilledAsync();
        var state = a.Replica.TakeSnapshot().State;
        var of = new Origin(state.Vector.First(), new Hlc(7), "author", OriginFlags.UnsureStamp | (OriginFlags)(1UL << 63));
        var builder = new ReplicaState.Builder(state, Site.Schema);
        builder.Put(Site.Key("x0"), new Entity(Site.Key("x0"), [new Register("name", new StandingValue(of, FieldValue.From(1), 0, (Marks)0x80))]));
        builder.Retire(VersionVector.Empty.With(new Dot(new SiteId(7), 8, 9)));
        var read = StateSnapshot.Decode(new StateSnapshot(builder.ToState()).Encode(100));
        var value = Assert.Single(read.Find(Site.Key("x0"))!.Standing("name"));
        Assert.Equal((of, (Marks)0x80), (value.Origin, value.Marks));
        Assert.Equal(new Dot(new SiteId(7), 8, 9), Assert.Single(read.State.Retired));
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
