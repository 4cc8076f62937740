using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.Time;

namespace Skerry.State.Tests.Merging;

/// <summary>Sites that have seen the same mutations are the same, bit for bit, however the mutations came.</summary>
public sealed class ConvergenceTests
{
    [Fact]
    public Task Small_histories_end_equal_in_every_delivery_order() => Chance.ForEachSeedAsync(2000, async chance =>
    {
        var history = await MakeAsync(chance, sites: 2 + chance.Below(2), updates: 4);
        var expected = Outcome.Of(ReplicaStateOf(history));
        foreach (var order in CausalOrders(history))
        {
            Assert.Equal(expected, Outcome.Of(ReplicaStateOf(order)));
        }
    });

    [Fact]
    public Task Large_histories_end_equal_in_random_orders_batches_and_duplicates() => Chance.ForEachSeedAsync(60, async chance =>
    {
        var history = await MakeAsync(chance, sites: 4, updates: 60);
        var expected = Outcome.Of(ReplicaStateOf(history));
        for (var run = 0; run < 4; run++)
        {
            // Settled conflicts are forgotten by age, so the receiver lives in the time of the history.
            await using var site = await Site.OpenAsync(99, time: new ManualTime());
            var order = RandomCausalOrder(chance, history);
            for (var next = 0; next < order.Count;)
            {
                var length = Math.Min(1 + chance.Below(7), order.Count - next);
                var again = chance.Below(next + 1);
                await site.Replica.ApplyAsync([.. order.Skip(again).Take(next - again + length)], default);
                next += length;
            }

            Assert.Equal(expected, Outcome.Of(site.Replica.TakeSnapshot().State));
        }
    });

    [Fact]
    public Task Joining_a_snapshot_is_the_same_as_reading_the_log() => Chance.ForEachSeedAsync(600, async chance =>
    {
        var history = await MakeAsync(chance, sites: 3, updates: 4 + chance.Below(12));
        var all = Outcome.Of(ReplicaStateOf(history));
        // Two sites, each with a causal past of its own of the same history.
        var left = ReplicaStateOf(CausalPart(chance, history));
        var right = ReplicaStateOf(CausalPart(chance, history));
        var streamed = left.Apply(history.Where(m => right.Vector.Covers(m.Dot) && !left.Vector.Covers(m.Dot)), Site.Schema);
        var joined = left.Join(Carried(right), Site.Schema);
        Assert.Equal(Outcome.Of(streamed), Outcome.Of(joined));
        Assert.Equal(Outcome.Of(joined), Outcome.Of(right.Join(Carried(left), Site.Schema)));
        Assert.Equal(Outcome.Of(joined), Outcome.Of(joined.Join(Carried(left), Site.Schema)));
        Assert.Equal(all, Outcome.Of(joined.Join(Carried(ReplicaStateOf(history)), Site.Schema)));
    });

    [Fact]
    public Task Joining_is_idempotent_commutative_and_associative() => Chance.ForEachSeedAsync(300, async chance =>
    {
        var history = await MakeAsync(chance, sites: 3, updates: 4 + chance.Below(8));
        var (a, b, c) = (Part(), Part(), Part());
        Assert.Equal(Outcome.Of(a), Outcome.Of(Joined(a, a)));
        Assert.Equal(Outcome.Of(Joined(a, b)), Outcome.Of(Joined(b, a)));
        Assert.Equal(Outcome.Of(Joined(Joined(a, b), c)), Outcome.Of(Joined(a, Joined(b, c))));

        // What a join missed comes by the log, and the other way round.
        var rest = history.Where(m => !a.Vector.Covers(m.Dot) && !b.Vector.Covers(m.Dot));
        Assert.Equal(Outcome.Of(ReplicaStateOf(history)), Outcome.Of(Joined(a, b).Apply(rest, Site.Schema)));

        ReplicaState Part() => ReplicaStateOf(CausalPart(chance, history));
        static ReplicaState Joined(ReplicaState one, ReplicaState other) => one.Join(Carried(other), Site.Schema);
    });

    [Fact]
    public Task A_standing_value_is_one_that_no_write_names() => Chance.ForEachSeedAsync(300, async chance =>
    {
        var history = await MakeAsync(chance, sites: 3, updates: 20);
        var state = ReplicaStateOf(history);
        foreach (var key in RandomUpdates.Ids.Select(Site.Key))
        {
            var writes = history.SelectMany(m => m.Changes.Where(c => c.Key == key).Select(c => (m.Dot, Change: c))).ToArray();
            foreach (var field in writes.Select(w => w.Change.Field).Where(f => f.Length > 0).Distinct())
            {
                var written = writes.Where(w => w.Change.Field == field).Select(w => w.Dot).ToHashSet();
                var replaced = writes.Where(w => w.Change.Field == field).SelectMany(w => w.Change.Replaces);
                var purged = writes.Where(w => w.Change.Kind == ChangeKind.Purge).SelectMany(w => w.Change.Seen);
                written.ExceptWith(replaced.Concat(purged));
                var standing = state.Find(key)?.Standing(field).Select(v => v.Dot) ?? [];
                Assert.Equal(written.Order(), standing.Order());
            }
        }
    });

    [Fact]
    public Task What_one_mutation_makes_at_once_is_what_its_writes_make_one_by_one() => Chance.ForEachSeedAsync(300, chance =>
    {
        var origin = new Origin(new Dot(new SiteId(1), 2, 3), new Hlc(4), "author");
        var changes = Enumerable.Range(0, 1 + chance.Below(70)).Select(_ => new Change
        {
            Kind = chance.OneIn(200) ? ChangeKind.Delete : ChangeKind.Set,
            Key = Site.Key("x"),
            Field = $"f{chance.Below(chance.OneIn(3) ? 10 : 100_000)}ü",
            Value = FieldValue.From(chance.Below(100)),
            Rank = chance.Below(300),
            KnowsDelete = chance.OneIn(4),
        }).ToArray();
        var editor = new EntityEditor(Site.Key("x"), null, changes.Length);
        foreach (var change in changes) editor.Apply(origin, change);
        var oneByOne = editor.ToEntity(new ByteWriter())!.Body.ToArray();
        var state = ReplicaState.Empty.Apply([MutationCodec.Create(origin.Dot, origin.Stamp, origin.Author, false, changes)], Site.Schema);
        Assert.Equal(oneByOne, state.Find(Site.Key("x"))!.Body.ToArray());
        return Task.CompletedTask;
    });

    private static ReplicaState ReplicaStateOf(IEnumerable<Mutation> mutations) => ReplicaState.Empty.Apply(mutations, Site.Schema);

    /// <summary>As it arrives at another site: through its bytes.</summary>
    private static ReplicaState Carried(ReplicaState state) => StateSnapshot.Decode(new StateSnapshot(state).Encode(chunkBytes: 64)).State;

    /// <summary>A history of updates at several sites with random exchange between them, in an order in which it may be applied.</summary>
    private static async Task<IReadOnlyList<Mutation>> MakeAsync(Chance chance, int sites, int updates)
    {
        var clocks = Enumerable.Range(0, sites).Select(_ => new ManualTime()).ToArray();
        var all = new Site[sites];
        for (var i = 0; i < sites; i++) all[i] = await Site.OpenAsync((ulong)i + 1, time: clocks[i], random: chance.Source);
        var made = new List<Mutation>();
        while (made.Count < updates)
        {
            var at = chance.Below(sites);
            clocks[at].SetWallClock(clocks[at].GetUtcNow().AddMilliseconds(chance.Below(40) - 15));
            var before = all[at].Replica.Vector;
            await RandomUpdates.UpdateAsync(chance, all[at]);
            made.AddRange(all[at].LogFrom(before));
            while (chance.OneIn(2))
            {
                var to = chance.Below(sites);
                var from = chance.Below(sites);
                if (to != from) await all[to].PullAsync(all[from]);
            }
        }

        foreach (var site in all) await site.DisposeAsync();
        return made;
    }

    /// <summary>What a mutation may not come before: its writer's earlier ones, and what it names with all that those were made after.</summary>
    private static bool MayFollow(VersionVector have, Mutation mutation) =>
        have[mutation.Dot.Writer] + 1 == mutation.Dot.Sequence
        && mutation.Changes.All(c => c.Replaces.Concat(c.Outranks).Concat(c.Seen).All(have.Covers));

    private static IEnumerable<IReadOnlyList<Mutation>> CausalOrders(IReadOnlyList<Mutation> history)
    {
        return Extend([], VersionVector.Empty);

        IEnumerable<IReadOnlyList<Mutation>> Extend(List<Mutation> begun, VersionVector have)
        {
            if (begun.Count == history.Count)
            {
                yield return begun;
                yield break;
            }

            foreach (var next in history.Where(m => !have.Covers(m.Dot) && MayFollow(have, m)))
            {
                foreach (var order in Extend([.. begun, next], have.With(next.Dot))) yield return order;
            }
        }
    }

    private static List<Mutation> RandomCausalOrder(Chance chance, IReadOnlyList<Mutation> history)
    {
        var order = new List<Mutation>();
        var have = VersionVector.Empty;
        while (order.Count < history.Count)
        {
            var next = chance.Pick([.. history.Where(m => !have.Covers(m.Dot) && MayFollow(have, m))]);
            order.Add(next);
            have = have.With(next.Dot);
        }

        return order;
    }

    private static List<Mutation> CausalPart(Chance chance, IReadOnlyList<Mutation> history) =>
        RandomCausalOrder(chance, history)[..chance.Below(history.Count + 1)];
}
