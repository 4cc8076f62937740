using Skerry.Blocks;
using Skerry.Movers.Native;

namespace Skerry.Movers.Tests.Native;

/// <summary>
/// The plan in one line: a lineage is its runs, each as GENERATION RUN ':' LAST, so <c>1a:100 2b:150</c> is run a of generation 1 up to
/// write 100, then run b of generation 2 up to 150. A run that wrote nothing ends where the one before it did.
/// </summary>
public sealed class ReplicationPlanTests
{
    [Theory]
    // The replica is where the source is.
    [InlineData("1a:100", "1a:100", "stream")]
    [InlineData("1a:100 2b:150", "1a:100 2b:150", "stream")]
    // It is where the source was.
    [InlineData("1a:100", "1a:60", "catch-up 60")]
    [InlineData("1a:100 1b:150", "1a:100", "catch-up 100")]
    [InlineData("1a:100 1b:150", "1a:40", "catch-up 40")]
    [InlineData("1a:100", "", "catch-up 0")]
    // The same state through other openings: the lineage is taken over before anything is streamed.
    [InlineData("1a:100 1b:100", "1a:100", "catch-up 100")]
    [InlineData("1a:100", "1a:100 1b:100", "catch-up 100")]
    [InlineData("1a:100 2c:120", "1a:100 1b:100", "catch-up 100")]
    // An old primary after a forced failover.
    [InlineData("1a:100 2b:150", "1a:130", "resync 100")]
    [InlineData("1a:100 2b:150", "1a:100 1c:130", "resync 100")]
    [InlineData("1a:100 2b:150 3d:160", "1a:100 2b:155", "resync 150")]
    // A replica that was ahead of a primary that lost power: the number was used again, by another run.
    [InlineData("1a:92 1b:110", "1a:100", "resync 92")]
    [InlineData("1a:92", "1a:100", "resync 92")]
    // Two targets of a lost primary; the one that is behind was promoted.
    [InlineData("1a:90 2b:95", "1a:97", "resync 90")]
    // Not copies of one disk.
    [InlineData("1a:100", "1z:100", "refuse")]
    public void The_plan_follows_from_the_lineages(string source, string replica, string plan) =>
        Assert.Equal(plan, Words(ReplicationPlan.For(Parse(source), Parse(replica), replicaIsWhole: true)));

    [Theory]
    [InlineData("1a:100", "")]
    [InlineData("1a:100", "1a:100")]
    public void A_replica_that_was_never_whole_gets_everything(string source, string replica) =>
        Assert.Equal("first-copy", Words(ReplicationPlan.For(Parse(source), Parse(replica), replicaIsWhole: false)));

    private static Lineage Parse(string text)
    {
        var runs = new List<RunStart>();
        var last = 0L;
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            runs.Add(new RunStart(word[0] - '0', word[1], last + 1));
            last = long.Parse(word[3..]);
        }

        return new Lineage(runs, last);
    }

    private static string Words(ReplicationPlan plan) => plan switch
    {
        ReplicationPlan.Stream => "stream",
        ReplicationPlan.FirstCopy => "first-copy",
        ReplicationPlan.Refuse => "refuse",
        _ => $"{plan.Kind} {plan.Base}",
    };
}
