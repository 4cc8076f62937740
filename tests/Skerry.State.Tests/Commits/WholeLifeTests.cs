using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.State.Tests.Merging;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.State;
using Skerry.TestKit.Time;

namespace Skerry.State.Tests.Commits;

/// <summary>
/// Sites that write, stream, join snapshots, cut their logs, fill their disks and start again, in any order, end as if every
/// acknowledged mutation had been applied once, in the order in which they were made.
/// </summary>
public sealed class WholeLifeTests
{
    private const int Sites = 3;

    [Fact]
    public Task Whatever_happens_to_them_sites_end_with_all_that_was_acknowledged() => Chance.ForEachSeedAsync(120, async chance =>
    {
        var clocks = new ManualTime[Sites];
        var disks = new MemoryStore[Sites];
        var sites = new Site[Sites];
        var isFull = new bool[Sites];
        for (var i = 0; i < Sites; i++)
        {
            clocks[i] = new ManualTime();
            disks[i] = new MemoryStore();
            sites[i] = await StartAsync(i);
        }

        var made = new List<Mutation>();
        for (var step = 0; step < 120; step++)
        {
            var at = chance.Below(Sites);
            clocks[at].SetWallClock(clocks[at].GetUtcNow().AddMilliseconds(chance.Below(40) - 15));
            switch (chance.Below(12))
            {
                case 0:
                    await sites[at].DisposeAsync();
                    isFull[at] = false;
                    sites[at] = await StartAsync(at);
                    break;
                case 1:
                    await TryAsync(async () => await sites[at].Replica.CutLogAsync(default));
                    break;
                case 2:
                    isFull[at] = chance.OneIn(2);
                    break;
                case 3 or 4 or 5:
                    await TryAsync(() => TakeFromAsync(at, (at + 1 + chance.Below(Sites - 1)) % Sites, chance.OneIn(5)));
                    break;
                default:
                    var before = sites[at].Replica.Vector;
                    await TryAsync(() => RandomUpdates.UpdateAsync(chance, sites[at]));
                    made.AddRange(sites[at].LogFrom(before));
                    break;
            }
        }

        Array.Fill(isFull, false);
        for (var round = 0; round < 2; round++)
        {
            for (var to = 0; to < Sites; to++)
            {
                for (var from = 0; from < Sites; from++) await TakeFromAsync(to, from, snapshot: false);
            }
        }

        var expected = Outcome.Of(ReplicaState.Empty.Apply(made, Site.Schema));
        for (var i = 0; i < Sites; i++)
        {
            Assert.Equal(expected, Outcome.Of(sites[i].Replica.TakeSnapshot().State));
            await sites[i].DisposeAsync();
            sites[i] = await StartAsync(i);
            Assert.Equal(expected, Outcome.Of(sites[i].Replica.TakeSnapshot().State));
        }

        ValueTask<Site> StartAsync(int i) => Site.OpenAsync(
            (ulong)i + 1, new FaultyStore(disks[i]) { NextFault = () => isFull[i] ? StoreFault.Full : StoreFault.None }, clocks[i],
            new ReplicaLimits { MaxLogBytes = 1500 }, chance.Source);

        async Task TakeFromAsync(int to, int from, bool snapshot)
        {
            var source = sites[from].Replica;
            var target = sites[to].Replica;
            LogCursor? cursor = null;
            for (var more = true; more;)
            {
                var batch = source.ReadLog(target.Vector, cursor, 1 + chance.Below(8), 1 << 20);
                if (batch.IsBehindBase || snapshot)
                {
                    await target.JoinAsync(StateSnapshot.Decode(source.TakeSnapshot().Encode(200)), default);
                    return;
                }

                await target.ApplyAsync(batch.Mutations, default);
                (cursor, more) = (batch.Next, batch.HasMore);
            }
        }
    });

    private static async Task TryAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (StateStoreException full) when (full.NothingWritten)
        {
            // Refused, so it must not show.
        }
    }
}
