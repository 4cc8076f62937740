using Skerry.Movers.Native;

namespace Skerry.Movers.Tests.Native;

public sealed class RetryBudgetTests
{
    private static readonly NativeMoverOptions Options = new()
    {
        RetryMin = TimeSpan.FromSeconds(1),
        RetryMax = TimeSpan.FromSeconds(8),
        RetryBudget = 5,
        ProbeInterval = TimeSpan.FromMinutes(1),
    };

    [Fact]
    public void Faults_are_tried_again_with_growing_pauses_until_the_budget_is_spent()
    {
        var budget = Budget();
        double[] around = [1, 2, 4, 8];
        foreach (var seconds in around)
        {
            var (pause, status) = budget.AfterFailure(TroubleClass.Fault, "the disk is full", hasRuns: true);
            Assert.InRange(pause!.Value.TotalSeconds, seconds * 0.75, seconds * 1.25);
            Assert.Equal(5 - status.FailedAttempts, status.AttemptsLeft);
        }

        var (none, spent) = budget.AfterFailure(TroubleClass.Fault, "the disk is full", hasRuns: true);
        Assert.Null(none);
        Assert.Equal((5, 0, null, true), (spent.FailedAttempts, spent.AttemptsLeft, spent.NextAttemptAt, spent.CanHelp));
        budget.Reset();
        Assert.NotNull(budget.AfterFailure(TroubleClass.Fault, "the disk is full", hasRuns: true).Pause);
    }

    [Fact]
    public void A_link_that_is_down_spends_nothing()
    {
        var budget = Budget();
        for (var i = 0; i < 1000; i++)
        {
            var (pause, status) = budget.AfterFailure(TroubleClass.Link, "not reached", hasRuns: i % 2 == 0);
            Assert.InRange(pause!.Value.TotalSeconds, 0.75, 10);
            Assert.Null(status.AttemptsLeft);
        }
    }

    [Fact]
    public void What_trying_cannot_help_is_not_tried_again_and_what_has_no_runs_is_looked_at_later()
    {
        Assert.Null(Budget().AfterFailure(TroubleClass.Final, "another disk", hasRuns: true).Pause);
        var (pause, follows) = Budget().AfterFailure(TroubleClass.Final, "another disk", hasRuns: false);
        Assert.Equal(TimeSpan.FromMinutes(1), pause);
        Assert.False(follows.CanHelp);
    }

    private static RetryBudget Budget() => new(Options, TimeProvider.System, new Random(1));
}
