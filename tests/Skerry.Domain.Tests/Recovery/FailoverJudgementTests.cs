using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;

namespace Skerry.Domain.Tests.Recovery;

public sealed class FailoverJudgementTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    // The primary, whether it is connected, the copy's number (- when it is not whole), whether it is forced; and the answer.
    [InlineData("north@100", false, "90", true, "ok")]
    [InlineData("north@100", true, "100", true, "alive and connected")]
    [InlineData("north@100", false, "90", false, "never said that it stopped")]
    [InlineData("north@100", false, "-", true, "no whole recovery point")]
    [InlineData("south@100", false, "100", true, "already")]
    [InlineData("nobody@100", false, "100", false, "ok")]
    [InlineData("nobody@100", false, "90", false, "stands at number 90")]
    [InlineData("nobody@100", false, "90", true, "ok")]
    [InlineData("nobody@100", false, "-", false, "no whole recovery point")]
    public void A_promotion_is_refused_with_its_reason(string primary, bool isConnected, string number, bool isForced, string answer)
    {
        var preview = FailoverJudgement.Of(Facts(primary, isConnected, number), isForced, Now);
        Assert.Equal(answer == "ok", preview.Refusal is null);
        Assert.Contains(answer, preview.Refusal?.Message ?? "ok", StringComparison.Ordinal);
        if (preview.Refusal is { } refusal && !answer.StartsWith("already", StringComparison.Ordinal))
        {
            Assert.NotNull(refusal.NextStep);
        }
    }

    [Fact]
    public void The_loss_is_a_bound_in_seconds_and_at_least_the_bytes_that_were_owed()
    {
        var preview = FailoverJudgement.Of(Facts("north@100", false, "90"), isForced: true, Now);
        Assert.Equal(3, preview.SecondsSinceWhole);
        Assert.Equal(4096, preview.OwedBytesAtLeast);
        Assert.Contains("3.0 s ago", preview.Loss, StringComparison.Ordinal);
        Assert.Contains("at least 4096 bytes", preview.Loss, StringComparison.Ordinal);
    }

    [Theory]
    // What acknowledgements wait for, what the primary does without the replica, whether its lease is known, a note that it went on alone; and what is said.
    [InlineData("local", "continue", false, false, null)]
    [InlineData("replica", "stop", true, false, "No flush that was acknowledged is lost")]
    [InlineData("replica", "stop", false, false, "goes on alone")]
    [InlineData("replica", "continue", false, false, "goes on alone")]
    [InlineData("replica", "continue", false, true, "Flushes since 2026-03-01 11:59:00Z were acknowledged at the primary alone")]
    [InlineData("replica", "stop", true, true, "were acknowledged at the primary alone")]
    public void The_preview_says_what_became_of_acknowledged_flushes(string ack, string onIsolation, bool isUnderLease, bool isNoted, string? says)
    {
        var status = new SourceStatus(
            ReplicationWords.Secondary, null, null, Now, Now, 2, 0, 0, 100, 100, null, null, Now, null)
        {
            Acks = new AckStanding(AckStates.Both, null, isUnderLease),
        };
        var relation = new Relation(
            "r", "v", "north", "ssd", "south", "ssd", ReplicationModes.Instant, null, null, false, ReturnPolicies.Resync, null, null, status, null, Now)
        {
            Ack = ack,
            OnIsolation = onIsolation,
            LocalOnly = isNoted ? new LocalOnly(Now.AddMinutes(-1), "The replica is away.") : null,
        };
        var facts = Facts("north@100", false, "90");
        var flushes = FlushPromise.Of(relation, facts.Primary.Current);
        Assert.Equal(says is null, flushes is null);
        Assert.Contains(says ?? "", FailoverJudgement.Of(facts with { Flushes = flushes }, isForced: true, Now).Loss, StringComparison.Ordinal);
        if (isUnderLease && !isNoted)
        {
            Assert.DoesNotContain("No flush", FlushPromise.Of(relation, facts.Primary.Current with { Number = 3 }), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void After_a_demotion_the_copy_that_has_everything_loses_nothing()
    {
        var preview = FailoverJudgement.Of(Facts("nobody@100", false, "100"), isForced: false, Now);
        Assert.Null(preview.SecondsSinceWhole);
        Assert.Equal(0, preview.OwedBytesAtLeast);
        Assert.StartsWith("Nothing is lost", preview.Loss, StringComparison.Ordinal);
    }

    [Fact]
    public void A_copy_that_is_not_the_most_advanced_says_by_how_much_it_is_behind()
    {
        CopyStanding Copy(string site, long generation, long number, int secondsAgo) =>
            new(site, site, IsReached: true, generation, number, new RecoveryPoint(generation, number, Now.AddSeconds(-secondsAgo)), Now);

        var south = Copy("south", 1, 90, 3);
        var behind = FailoverJudgement.Of(Facts("north@100", false, "90") with { Copies = [Copy("west", 1, 97, 1), south] }, isForced: true, Now);
        Assert.Equal(("west", 7L, 2.0), (behind.MoreAdvancedSite, behind.WritesBehind, behind.SecondsBehind));
        Assert.Contains("7 writes and 2.0 s behind the copy at site west", behind.Loss, StringComparison.Ordinal);
        Assert.Null(behind.Refusal);

        // Numbers count within a generation only.
        var later = FailoverJudgement.Of(Facts("north@100", false, "90") with { Copies = [Copy("west", 2, 5, 1), south] }, isForced: true, Now);
        Assert.Equal(("west", null), (later.MoreAdvancedSite, later.WritesBehind));
        Assert.Null(FailoverJudgement.Of(Facts("north@100", false, "90") with { Copies = [south, Copy("west", 1, 90, 9)] }, true, Now).MoreAdvancedSite);
        Assert.True(Copy("west", 2, 5, 1).CompareTo(south) > 0);
    }

    [Fact]
    public void A_primary_that_is_reached_through_another_site_is_alive_too()
    {
        var preview = FailoverJudgement.Of(Facts("north@100", true, "100") with { Via = "hub" }, isForced: true, Now);
        Assert.Contains("alive and connected through site hub", preview.Refusal?.Message, StringComparison.Ordinal);
    }

    private static PromotionFacts Facts(string primary, bool isConnected, string number)
    {
        var (site, fork) = (primary.Split('@')[0], long.Parse(primary.Split('@')[1]));
        var generation = new Generation("v", 2, "g2", site == "nobody" ? Generation.Demoted : site, fork, "g1", true);
        var whole = number != "-";
        return new PromotionFacts(
            "v", new PrimaryView(generation, []), site, "south", "south", whole, whole ? long.Parse(number) : null,
            whole ? new RecoveryPoint(1, long.Parse(number), Now.AddSeconds(-3)) : null, 4096, Now.AddSeconds(-2), Now, isConnected);
    }
}
