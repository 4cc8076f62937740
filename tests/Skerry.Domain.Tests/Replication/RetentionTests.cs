using Skerry.Domain.Replication;
using Skerry.TestKit.Seeds;

namespace Skerry.Domain.Tests.Replication;

public sealed class RetentionTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 18, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("count=24", "count=24")]
    [InlineData("age=7d", "age=1w")]
    [InlineData("count=24, age=36h", "count=24,age=36h")]
    [InlineData("age=90s,count=1", "count=1,age=90s")]
    public void What_is_kept_is_read_and_written_alike(string text, string written)
    {
        var retention = Retention.Parse("keep_source", text).Value;
        Assert.Equal(written, retention.ToString());
        Assert.Equal(retention, Retention.Parse("keep_source", written).Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("count=0")]
    [InlineData("count=1001")]
    [InlineData("count=-1")]
    [InlineData("count=2,count=3")]
    [InlineData("age=7")]
    [InlineData("age=0d")]
    [InlineData("age=99999999999999d")]
    [InlineData("size=3")]
    public void What_says_nothing_of_keeping_is_refused_by_field(string text) =>
        Assert.Equal("keep_target", Retention.Parse("keep_target", text).Refusal!.Field);

    [Fact]
    public void By_count_and_age_a_state_goes_only_when_neither_keeps_it()
    {
        var states = Enumerable.Range(0, 10).Select(i => new KeptState($"s{i}", Now.AddHours(-i), false)).ToList();
        Assert.Equal(["s3", "s4", "s5", "s6", "s7", "s8", "s9"], Ids(new Retention(3, null), states));
        Assert.Equal(["s5", "s6", "s7", "s8", "s9"], Ids(new Retention(3, TimeSpan.FromHours(5)), states));
        Assert.Equal(["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9"], Ids(new Retention(null, TimeSpan.FromSeconds(1)), states));
        Assert.Equal(["s4"], Ids(new Retention(2, null), [.. states.Take(5).Select(s => s with { IsNeeded = s.Id is "s2" or "s3" })]));
    }

    [Fact]
    public Task The_newest_and_what_is_needed_are_never_let_go_of_and_no_rule_is_broken() => Chance.ForEachSeedAsync(200, chance =>
    {
        var states = Enumerable.Range(0, chance.Below(40))
            .Select(i => new KeptState($"s{i}", Now.AddMinutes(-chance.Below(10_000)), chance.OneIn(4))).ToList();
        var retention = new Retention(
            chance.OneIn(3) ? null : 1 + chance.Below(20), chance.OneIn(3) ? null : TimeSpan.FromMinutes(1 + chance.Below(10_000)));
        var gone = retention.LetGo(states, Now).ToHashSet();
        var kept = states.Where(s => !gone.Contains(s)).ToList();
        var newestFirst = states.OrderByDescending(s => s.TakenAt).ThenBy(s => s.Id, StringComparer.Ordinal).ToList();
        Assert.DoesNotContain(gone, s => s.IsNeeded);
        Assert.All(newestFirst.Take(Math.Max(1, retention.Count ?? 0)), s => Assert.DoesNotContain(s, gone));
        Assert.DoesNotContain(gone, s => Now - s.TakenAt < retention.Age);

        // What stays has a reason, and letting go again changes nothing: a crash in between does no harm.
        Assert.All(kept, s => Assert.True(
            s.IsNeeded || newestFirst.IndexOf(s) < Math.Max(1, retention.Count ?? 0) || Now - s.TakenAt < retention.Age));
        Assert.Empty(retention.LetGo(kept, Now));
        return Task.CompletedTask;
    });

    private static List<string> Ids(Retention retention, IEnumerable<KeptState> states) => [.. retention.LetGo(states, Now).Select(s => s.Id)];
}
