using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.TestKit.Seeds;

namespace Skerry.State.Tests.Merging;

public sealed class StateDigestsTests
{
    [Fact]
    public Task Equal_entities_have_equal_digests_whatever_way_they_came_and_others_have_not() => Chance.ForEachSeedAsync(40, chance =>
    {
        var entities = Enumerable.Range(0, chance.Below(3000)).Select(i => Make(KindOf(chance), $"{chance.Below(5000):d4}", i)).DistinctBy(e => e.Key).ToArray();
        var one = Put(ReplicaState.Empty, entities);
        var other = Detour(chance, entities);
        Assert.Equal(new StateSnapshot(one).Digest(), new StateSnapshot(other).Digest());
        var (left, right) = (new StateDigests(one), new StateDigests(other));
        for (var i = 0; i < 30; i++)
        {
            var range = RandomRange(chance);
            Assert.Equal(left.Of(range), right.Of(range));
            Assert.Equal(entities.Count(e => (range.From is not { } from || e.Key >= from) && (range.To is not { } to || e.Key < to)), left.Of(range).Count);
        }

        if (entities.Length == 0) return Task.CompletedTask;
        var hit = chance.Pick(entities);
        var changed = Put(one, [Make(hit.Key.Kind, hit.Id, 1_000_000)]);
        Assert.NotEqual(left.Of(KeyRange.Everything), new StateDigests(changed).Of(KeyRange.Everything));
        Assert.NotEqual(left.Of(KeyRange.Everything), new StateDigests(Put(one, [], hit.Key)).Of(KeyRange.Everything));
        return Task.CompletedTask;
    });

    [Fact]
    public Task A_range_splits_into_parts_that_meet_and_hold_about_as_much_each() => Chance.ForEachSeedAsync(60, chance =>
    {
        var entities = Enumerable.Range(0, chance.Below(500)).Select(i => Make(KindOf(chance), $"{chance.Below(5000):d4}", i)).DistinctBy(e => e.Key).ToArray();
        var digests = new StateDigests(Put(ReplicaState.Empty, entities));
        var range = RandomRange(chance);
        var whole = digests.Of(range);
        var parts = digests.Split(range, 16);
        Assert.Equal(range, new KeyRange(parts[0].From, parts[^1].To));
        for (var i = 1; i < parts.Count; i++) Assert.Equal(parts[i - 1].To, parts[i].From);
        Assert.Equal(whole, parts.Select(digests.Of).Aggregate(RangeDigest.Empty, (sum, part) => sum.Plus(part)));
        Assert.Equal(Math.Max(1, Math.Min(16, whole.Count)), parts.Count);
        Assert.All(parts, part => Assert.True(digests.Of(part).Count <= (whole.Count / 16) + 1));
        Assert.Equal(whole.Count > 0, digests.First(range) is not null);
        return Task.CompletedTask;
    });

    [Fact]
    public void Hashing_costs_what_changed()
    {
        var state = Put(ReplicaState.Empty, [.. Enumerable.Range(0, 20_000).Select(i => Make("v", $"{i:d5}", i))]);
        Assert.Equal(20_000, new StateDigests(state).Prepare().Sum());
        Assert.Equal(0, new StateDigests(state).Prepare().Sum());
        var next = Put(state, [Make("v", "00777", 1)]);
        Assert.InRange(new StateDigests(next).Prepare().Sum(), 1, TreeNode.Most);
        Assert.NotEqual(new StateSnapshot(state).Digest(), new StateSnapshot(next).Digest());
    }

    private static string KindOf(Chance chance) => chance.Pick(["u", "v", "w"]);

    private static KeyRange RandomRange(Chance chance)
    {
        var bounds = Enumerable.Range(0, 2).Select(_ => new EntityKey(chance.Pick(["t", "u", "v", "w", "x"]), $"{chance.Below(5100):d4}")).Order().ToArray();
        return new KeyRange(chance.OneIn(4) ? null : bounds[0], chance.OneIn(4) ? null : bounds[1]);
    }

    /// <summary>The same entities by another way: in another order, with others that come and go.</summary>
    private static ReplicaState Detour(Chance chance, Entity[] entities)
    {
        var state = ReplicaState.Empty;
        var shuffled = entities.ToArray();
        chance.Source.Shuffle(shuffled);
        foreach (var some in shuffled.Chunk(1 + chance.Below(1000)))
        {
            var others = Enumerable.Range(0, chance.Below(500)).Select(i => Make(KindOf(chance), $"{chance.Below(5000):d4}x", i)).ToArray();
            state = Put(state, others);
            state = Put(state, some, [.. others.Select(e => e.Key)]);
        }

        return state;
    }

    private static ReplicaState Put(ReplicaState before, Entity[] entities, params EntityKey[] gone)
    {
        var builder = new ReplicaState.Builder(before, Site.Schema);
        foreach (var entity in entities) builder.Put(entity.Key, entity);
        foreach (var key in gone) builder.Put(key, null);
        return builder.ToState();
    }

    private static Entity Make(string kind, string id, int number) => new(
        new EntityKey(kind, id),
        [new Register("name", new StandingValue(new Origin(new Dot(new SiteId(1), 2, number + 1), new Hlc(1), "test"), FieldValue.From(number), 0, Marks.None))]);
}
