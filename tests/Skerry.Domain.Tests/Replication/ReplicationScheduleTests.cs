using Skerry.Domain.Replication;

namespace Skerry.Domain.Tests.Replication;

public sealed class ReplicationScheduleTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    // Minutes after the start: now, the last completed run, and then the due run and the next one.
    [InlineData(-5, null, null, 0)]
    [InlineData(0, null, 0, 15)]
    [InlineData(7, null, 0, 15)]
    [InlineData(7, 0, null, 15)]
    [InlineData(16, 0, 15, 30)]
    // Many were missed: one is run, and the plan goes on as if none had been.
    [InlineData(200, 15, 195, 210)]
    [InlineData(200, 195, null, 210)]
    public void A_missed_run_is_run_once(int now, int? completed, int? due, int next)
    {
        var relation = Periodic(completed);
        Assert.Equal(At(due), ReplicationSchedule.Due(relation, Start.AddMinutes(now)));
        Assert.Equal(At(next), ReplicationSchedule.Next(relation, Start.AddMinutes(now)));
    }

    [Theory]
    [InlineData(20, 15, 18, 18)]
    [InlineData(20, 15, 14, null)]
    [InlineData(20, 15, 25, null)]
    [InlineData(20, null, 18, 18)]
    public void A_run_that_was_asked_for_is_due_at_once(int now, int? completed, int asked, int? due)
    {
        var relation = Periodic(completed) with { SyncRequestedAt = Start.AddMinutes(asked) };
        Assert.Equal(At(due), ReplicationSchedule.Due(relation, Start.AddMinutes(now)));
    }

    [Fact]
    public void A_one_time_replication_is_run_once_and_again_only_when_asked()
    {
        var relation = Periodic(null) with { Mode = ReplicationModes.OneTime };
        Assert.Equal(Start, ReplicationSchedule.Due(relation, Start.AddDays(3)));
        var done = Periodic(0) with { Mode = ReplicationModes.OneTime };
        Assert.Null(ReplicationSchedule.Due(done, Start.AddDays(3)));
        Assert.Null(ReplicationSchedule.Next(done, Start.AddDays(3)));
        var asked = done with { SyncRequestedAt = Start.AddDays(2) };
        Assert.Equal(Start.AddDays(2), ReplicationSchedule.Due(asked, Start.AddDays(3)));
    }

    private static DateTimeOffset? At(int? minutes) => minutes is { } m ? Start.AddMinutes(m) : null;

    private static Relation Periodic(int? completed) =>
        new(
            "r", "v", "north", "ssd", "south", "ssd", ReplicationModes.Periodic, 900, Start, false, ReturnPolicies.Resync, null, null,
            new SourceStatus(
                ReplicationWords.Secondary, null, null, Start, Start, 1, 0, 0, 1, 1, null, null, null, At(completed)),
            null, Start.AddDays(-1));
}
