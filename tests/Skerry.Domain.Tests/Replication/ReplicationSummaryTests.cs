using Skerry.Domain.Replication;

namespace Skerry.Domain.Tests.Replication;

public sealed class ReplicationSummaryTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    // What each side says: generation, state, since (seconds after noon); and the word for both.
    [InlineData("1 active - secondary 10", null, "active - secondary")]
    [InlineData(null, "1 disconnected 10", "disconnected")]
    [InlineData("1 active - secondary 10", "1 active - secondary 12", "active - secondary")]
    [InlineData("1 active - secondary 10", "1 disconnected 70", "disconnected")]
    [InlineData("1 active - secondary 80", "1 disconnected 70", "active - secondary")]
    [InlineData("1 disconnected 90", "1 active - secondary 10", "disconnected")]
    // A target that waits for the first block knows less than the source that cannot reach it.
    [InlineData("1 disconnected 10", "1 waiting 20", "disconnected")]
    // It was paused, and is not any more.
    [InlineData("1 paused 90", "1 paused 91", "waiting")]
    [InlineData("1 active - secondary 95", "1 paused 91", "active - secondary")]
    // What was said under an older generation is about another primary.
    [InlineData("0 active - secondary 90", null, "waiting")]
    [InlineData("1 active - updating 10", "0 active - secondary 90", "active - updating")]
    public void Who_changed_its_mind_last_is_believed(string? source, string? target, string word)
    {
        var relation = Relation(source, target);
        Assert.Equal(word, ReplicationSummary.Of(relation, Primary("north")).Status);
    }

    [Fact]
    public void The_words_beside_the_three_come_with_a_reason_and_a_next_step()
    {
        var relation = Relation("1 active - secondary 10", null);
        foreach (var (status, reason, nextStep) in new[]
        {
            ReplicationSummary.Of(relation with { IsPaused = true }, Primary("north")),
            ReplicationSummary.Of(relation, Primary(Generation.Demoted)),
            ReplicationSummary.Of(relation, new PrimaryView(Primary("north").Current, [Primary("south").Current])),
        })
        {
            Assert.DoesNotContain("active", status, StringComparison.Ordinal);
            Assert.NotNull(reason);
            Assert.NotNull(nextStep);
        }
    }

    [Fact]
    public void A_relation_turns_round_with_its_primary()
    {
        var relation = Relation(null, null);
        Assert.Equal(("south", "hdd"), relation.ReplicaOf("north"));
        Assert.Equal(("north", "ssd"), relation.ReplicaOf("south"));

        // Another relation's target became primary: this one's target follows it too.
        Assert.Equal(("south", "hdd"), relation.ReplicaOf("west"));
    }

    private static PrimaryView Primary(string site) => new(new Generation("v", 1, site, site, 0, null, true), []);

    private static Relation Relation(string? source, string? target) =>
        new(
            "r", "v", "north", "ssd", "south", "hdd", ReplicationModes.Instant, null, null, false, ReturnPolicies.Resync, null, null,
            source is null ? null : Source(source), target is null ? null : Target(target), Noon);

    private static SourceStatus Source(string words)
    {
        var (generation, state, since) = Parse(words);
        return new SourceStatus(state, null, null, since, since, generation, 0, 0, 1, 1, null, null, null, null);
    }

    private static TargetStatus Target(string words)
    {
        var (generation, state, since) = Parse(words);
        return new TargetStatus(state, null, null, since, since, null, null, null, null, null, generation);
    }

    private static (long Generation, string State, DateTimeOffset Since) Parse(string words)
    {
        var parts = words.Split(' ');
        return (long.Parse(parts[0]), string.Join(' ', parts[1..^1]), Noon.AddSeconds(long.Parse(parts[^1])));
    }
}
