using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Storage;
using Skerry.TestKit.Time;

namespace Skerry.State.Tests.Log;

public sealed class ReadLogTests
{
    [Fact]
    public async Task Batches_are_bounded_and_a_cursor_goes_on_where_the_last_one_ended()
    {
        await using var a = await Site.OpenAsync(1);
        for (var i = 0; i < 25; i++) await a.SetAsync("x", "name", $"{i}");
        await using var b = await Site.OpenAsync(2);
        LogCursor? cursor = null;
        var batches = 0;
        for (var more = true; more; batches++)
        {
            var batch = a.Replica.ReadLog(b.Replica.Vector, cursor, 10, 1 << 20);
            Assert.InRange(batch.Mutations.Count, 1, 10);
            await b.Replica.ApplyAsync(batch.Mutations, default);
            (cursor, more) = (batch.Next, batch.HasMore);
        }

        Assert.Equal(3, batches);
        Assert.Equal(a.Replica.Digest(), b.Replica.Digest());
        Assert.Empty(a.Replica.ReadLog(b.Replica.Vector, cursor, 10, 1 << 20).Mutations);
        await a.SetAsync("x", "name", "new");
        Assert.Single(a.Replica.ReadLog(b.Replica.Vector, cursor, 10, 1 << 20).Mutations);
    }

    [Fact]
    public async Task A_batch_has_one_mutation_even_when_it_is_over_the_byte_bound()
    {
        await using var a = await Site.OpenAsync(1);
        await a.SetAsync("x", "name", new string('a', 5000));
        await a.SetAsync("x", "name", new string('b', 5000));
        var batch = a.Replica.ReadLog(VersionVector.Empty, null, 10, 100);
        Assert.Single(batch.Mutations);
        Assert.True(batch.HasMore);
    }

    [Fact]
    public async Task What_the_receiver_made_or_has_is_not_sent()
    {
        await using var a = await Site.OpenAsync(1);
        await using var b = await Site.OpenAsync(2);
        await a.SetAsync("x", "name", "of a");
        await b.SetAsync("y", "name", "of b");
        await a.PullAsync(b);
        Assert.Equal(a.Replica.Site, Assert.Single(a.LogFrom(b.Replica.Vector)).Dot.Site);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_log_is_cut_by_size_and_by_age_and_its_base_says_so_also_after_a_restart(bool bySize)
    {
        var time = new ManualTime();
        var store = new MemoryStore();
        var limits = bySize ? new ReplicaLimits { MaxLogBytes = 1000 } : new ReplicaLimits { MaxLogAge = TimeSpan.FromDays(1) };
        VersionVector logBase;
        byte[] digest;
        await using (var a = await Site.OpenAsync(1, store, time, limits))
        {
            for (var i = 0; i < 40; i++) await a.SetAsync("x", "name", $"{i}");
            var middle = a.Replica.Vector;
            time.Advance(TimeSpan.FromDays(2));
            for (var i = 0; i < 4; i++) await a.SetAsync("x", "name", $"late {i}");
            Assert.True(await a.Replica.CutLogAsync(default));
            Assert.False(await a.Replica.CutLogAsync(default));
            logBase = a.Replica.LogBase;
            if (!bySize) Assert.Equal(middle, logBase);
            Assert.True(a.Replica.ReadLog(VersionVector.Empty, null, 100, 100).IsBehindBase);
            Assert.Equal(44 - logBase.Single().Sequence, a.LogFrom(logBase).Count);
            digest = a.Replica.Digest();
        }

        await using var again = await Site.OpenAsync(1, store, time, limits);
        Assert.Equal(logBase, again.Replica.LogBase);
        Assert.Equal(digest, again.Replica.Digest());
        Assert.Equal(44 - logBase.Single().Sequence, again.LogFrom(logBase).Count);
    }

    [Fact]
    public async Task A_cursor_from_before_a_cut_reads_on_without_gap_or_repeat()
    {
        await using var a = await Site.OpenAsync(1, limits: new ReplicaLimits { MaxLogBytes = 1 });
        for (var i = 0; i < 10; i++) await a.SetAsync("x", "name", $"{i}");
        var vector = a.Replica.Vector;
        var cursor = a.Replica.ReadLog(VersionVector.Empty, null, 100, 1 << 20).Next;
        Assert.True(await a.Replica.CutLogAsync(default));
        await a.SetAsync("x", "name", "after");
        var batch = a.Replica.ReadLog(vector, cursor, 100, 1 << 20);
        Assert.Equal(11, Assert.Single(batch.Mutations).Dot.Sequence);
    }
}
