using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.Time;

namespace Skerry.State.Tests.Commits;

public sealed class RetirementTests
{
    [Fact]
    public async Task A_closed_incarnation_leaves_every_vector_and_what_it_wrote_stays()
    {
        var store = new MemoryStore();
        Dot end;
        await using (var before = await Site.OpenAsync(1, store))
        {
            end = (await before.SetAsync("x", "name", "kept"))!.Value;
        }

        await using var a = await Site.OpenAsync(1, store);
        await using var b = await Site.OpenAsync(2);
        await b.PullAsync(a);
        await a.Replica.RetireAsync([end], "test", default);
        await b.PullAsync(a);
        Assert.Equal(0, b.Replica.Vector.Count(dot => dot.Incarnation == end.Incarnation));
        Assert.True(b.Replica.Vector.Covers(end));
        Assert.False(b.Replica.Vector.Covers(end with { Sequence = end.Sequence + 1 }));
        Assert.Equal(a.Replica.Digest(), b.Replica.Digest());

        // What it wrote is named, replaced and joined as ever.
        await b.SetAsync("x", "name", "changed");
        await a.PullAsync(b);
        Assert.Equal(["changed"], a["x"]!.Standing("name").Select(value => value.Value.AsString()));
        await using var c = await Site.OpenAsync(3);
        await c.Replica.JoinAsync(StateSnapshot.Decode(a.Replica.TakeSnapshot().Encode()), default);
        Assert.Equal(a.Replica.Digest(), c.Replica.Digest());
        Assert.True(c.Replica.Vector.Covers(end));
    }

    [Fact]
    public async Task What_an_incarnation_wrote_beyond_its_supposed_end_is_taken_as_ever()
    {
        var disk = new MemoryStore();
        await using var before = await Site.OpenAsync(1, disk);
        var first = (await before.SetAsync("x", "name", "1"))!.Value;
        await using var far = await Site.OpenAsync(3);
        await far.PullAsync(before);

        // A copy of the disk of now is started later, and knows nothing of what comes next.
        var copy = new MemoryStore();
        await CopyAsync(disk, copy);
        await before.SetAsync("y", "name", "2");
        await far.PullAsync(before);

        await using var restored = await Site.OpenAsync(1, copy);
        await restored.Replica.RetireAsync([first], "test", default);
        await using var near = await Site.OpenAsync(2);
        await near.PullAsync(restored);
        Assert.Null(near["y"]);
        await near.PullAsync(far);
        await far.PullAsync(near);
        Assert.Equal("2", near["y"]!.GetString("name"));
        Assert.Equal(far.Replica.Vector, near.Replica.Vector);
        Assert.Equal(far.Replica.Digest(), near.Replica.Digest());
    }

    [Fact]
    public async Task Only_a_sites_own_closed_incarnation_is_retired()
    {
        await using var a = await Site.OpenAsync(1);
        await using var b = await Site.OpenAsync(2);
        var ofA = (await a.SetAsync("x", "name", "1"))!.Value;
        await b.PullAsync(a);
        Assert.Null(await a.Replica.RetireAsync([ofA], "test", default));
        Assert.Null(await b.Replica.RetireAsync([ofA], "test", default));
        var forged = MutationCodec.Create(
            new Dot(new SiteId(9), 1, 1), new Hlc(5), "faulty", urgent: false,
            [new Change { Kind = ChangeKind.Retire, Key = new EntityKey("$incarnations", "x"), Seen = [ofA] }]);
        var refused = Assert.Throws<StateFormatException>(() => MutationCodec.Decode(forged.Encoded));
        Assert.Contains("own site", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_retirement_survives_restarts_and_cut_logs_and_costs_peers_no_snapshot()
    {
        var store = new MemoryStore();
        var limits = new ReplicaLimits { MaxLogBytes = 1 };
        await using (var before = await Site.OpenAsync(1, store, limits: limits)) await before.SetAsync("x", "name", "1");
        await using var b = await Site.OpenAsync(2);
        Dot end;
        await using (var a = await Site.OpenAsync(1, store, limits: limits))
        {
            end = a.Replica.Vector.Single();
            await b.PullAsync(a);

            // Its base names the incarnation, and the peer's vector soon does not.
            Assert.True(await a.Replica.CutLogAsync(default));
            await b.SetAsync("y", "name", "1");
            await a.Replica.RetireAsync([end], "test", default);
            await b.PullAsync(a);
            var told = a.Replica.Complete(VersionVector.Decode(b.Replica.AnnouncedVector.Encode()));
            Assert.False(a.Replica.ReadLog(told, null, 10, 1000).IsBehindBase);
            Assert.True(await a.Replica.CutLogAsync(default));
            Assert.DoesNotContain(a.Replica.LogBase, dot => dot.Incarnation == end.Incarnation);
        }

        await using var again = await Site.OpenAsync(1, store, limits: limits);
        Assert.True(again.Replica.Vector.Covers(end));
        Assert.DoesNotContain(again.Replica.Vector, dot => dot.Incarnation == end.Incarnation);
        var later = again.Replica.Complete(VersionVector.Decode(b.Replica.AnnouncedVector.Encode()));
        Assert.False(again.Replica.ReadLog(later, null, 10, 1000).IsBehindBase);
    }

    [Fact]
    public Task Histories_with_and_without_retirement_come_to_the_same() => Chance.ForEachSeedAsync(25, async chance =>
    {
        var plain = await RunAsync(new Chance(chance.Seed), retires: false);
        var retiring = await RunAsync(new Chance(chance.Seed), retires: true);
        Assert.Equal(plain.Values, retiring.Values);
        Assert.True(retiring.Writers < plain.Writers);
    });

    /// <summary>Three sites that write, restart, exchange by log or snapshot and cut their logs; in the end all have seen all.</summary>
    private static async Task<(string[] Values, int Writers)> RunAsync(Chance chance, bool retires)
    {
        var stores = Enumerable.Range(0, 3).Select(_ => new MemoryStore()).ToArray();
        var time = new ManualTime();
        var limits = new ReplicaLimits { MaxLogBytes = 400 };
        var sites = new Site[3];
        var starts = 0;
        for (var i = 0; i < 3; i++) sites[i] = await StartAsync(i);
        for (var step = 0; step < 150; step++)
        {
            time.Advance(TimeSpan.FromMilliseconds(5));
            var i = chance.Below(3);
            var (action, other, id, cuts) = (chance.Below(10), (i + 1 + chance.Below(2)) % 3, $"{chance.Below(4)}", chance.OneIn(3));
            switch (action)
            {
                case < 4:
                    await sites[i].SetAsync(id, chance.OneIn(2) ? "name" : "held", $"{step}");
                    break;
                case 4:
                    await sites[i].DeleteAsync(id);
                    break;
                case 5:
                    await sites[i].DisposeAsync();
                    sites[i] = await StartAsync(i);
                    break;
                case 6 when retires:
                    await sites[i].Replica.RetireAsync([.. sites[i].Replica.Vector], "test", default);
                    break;
                case 7:
                    await JoinAsync(sites[i], sites[other]);
                    break;
                case > 7:
                    await TakeAsync(sites[i], sites[other]);
                    break;
            }

            if (cuts) await sites[i].Replica.CutLogAsync(default);
        }

        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 3; i++) await TakeAsync(sites[i], sites[(i + 1) % 3]);
        }

        var digests = sites.Select(site => Convert.ToHexString(site.Replica.Digest())).Distinct();
        Assert.Single(digests);
        Assert.All(sites, site => Assert.Equal(sites[0].Replica.Vector, site.Replica.Vector));
        string[] values =
        [
            .. Enumerable.Range(0, 4).Select(id => sites[0][$"{id}"]).OfType<Entity>().SelectMany(entity => entity.Fields.Select(
                field => $"{entity} {field}: {string.Join(" > ", entity.Standing(field).Select(value => $"{value.Value}{value.IsOutranked}{value.IsKnownToDelete}"))}")),
        ];
        var writers = sites[0].Replica.Vector.Count;
        foreach (var site in sites) await site.DisposeAsync();
        return (values, writers);

        async Task<Site> StartAsync(int number) =>
            await Site.OpenAsync((ulong)number + 1, stores[number], time, limits, new Random((chance.Seed * 1000) + ++starts));
    }

    /// <summary>As a link does: vectors as they are on the wire, a snapshot to who is behind.</summary>
    private static async Task TakeAsync(Site to, Site from)
    {
        var has = from.Replica.Complete(VersionVector.Decode(to.Replica.AnnouncedVector.Encode()));
        var batch = from.Replica.ReadLog(has, null, int.MaxValue, int.MaxValue);
        if (batch.IsBehindBase) await JoinAsync(to, from);
        else await to.Replica.ApplyAsync(batch.Mutations, default);
    }

    private static async Task JoinAsync(Site to, Site from) =>
        await to.Replica.JoinAsync(StateSnapshot.Decode(from.Replica.TakeSnapshot().Encode()), default);

    private static async Task CopyAsync(MemoryStore from, MemoryStore to)
    {
        var checkpoint = new List<ReadOnlyMemory<byte>>();
        await foreach (var part in from.ReadCheckpointAsync(default)) checkpoint.Add(part);
        await to.ReplaceAsync(0, 1, checkpoint, 0, default);
        var last = 1UL;
        await foreach (var entry in from.ReadAsync(0, default)) await to.AppendAsync(last, last = entry.Id, entry.Payload, default);
    }
}
