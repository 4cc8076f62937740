using Skerry.Domain.Replication;
using Skerry.TestKit.Seeds;

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
    // Minutes after the start: now, the last completed run, when a run was asked for and the request that was answered; when the request
    // was first seen is now.
    [InlineData(20, 15, 18, null, 20)]
    [InlineData(20, 15, 14, null, null)]
    [InlineData(20, 15, 14, 14, null)]
    [InlineData(20, null, 18, null, 20)]
    // By the clock of who asked it is an hour later, or earlier.
    [InlineData(20, 15, 80, null, 20)]
    [InlineData(20, 20, 80, 80, null)]
    [InlineData(20, 15, -40, 18, 20)]
    public void A_run_that_was_asked_for_is_due_at_once_whatever_the_clock_of_who_asked(int now, int? completed, int asked, int? answered, int? due)
    {
        var relation = Periodic(completed) with { SyncRequestedAt = Start.AddMinutes(asked) };
        relation = relation with { Source = relation.Source! with { AnsweredSyncAt = At(answered) } };
        Assert.Equal(At(due), ReplicationSchedule.Due(relation, Start.AddMinutes(now), Start.AddMinutes(now)));
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
        Assert.Equal(Start.AddDays(3), ReplicationSchedule.Due(asked, Start.AddDays(3), Start.AddDays(3)));
    }

    [Fact]
    public void The_first_run_by_times_of_day_is_at_once_and_with_a_start_the_first_of_them_from_there()
    {
        var daily = Periodic(null) with { IntervalSeconds = null, StartAt = null, ScheduledAt = Start, WallClock = WallClock.Read("02:30", null, null) };
        Assert.Equal(Start, ReplicationSchedule.Due(daily, Start));
        Assert.Equal(Start.AddHours(14.5), ReplicationSchedule.Next(daily, Start));
        var started = daily with { StartAt = Start.AddDays(1) };
        Assert.Null(ReplicationSchedule.Due(started, Start.AddDays(1)));
        Assert.Equal(Start.AddHours(38.5), ReplicationSchedule.Next(started, Start));
        Assert.Equal(Start.AddHours(38.5), ReplicationSchedule.Due(started, Start.AddHours(39)));
    }

    [Fact]
    public void A_schedule_that_is_changed_begins_at_once()
    {
        var changed = Periodic(15) with { StartAt = null, IntervalSeconds = 3600, ScheduledAt = Start.AddMinutes(22) };
        Assert.Equal(Start.AddMinutes(22), ReplicationSchedule.Due(changed, Start.AddMinutes(22)));
        Assert.Equal(Start.AddMinutes(82), ReplicationSchedule.Next(changed, Start.AddMinutes(22)));
    }

    /// <summary>Looks at random times, runs what is due, and now and then the clock is set.</summary>
    [Fact]
    public Task Runs_are_in_order_none_is_run_twice_none_is_lost_and_a_clock_that_is_set_holds_none_up() =>
        Chance.ForEachSeedAsync(300, chance =>
        {
            var zones = new[] { "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC" };
            var relation = Periodic(null) with { StartAt = null, CreatedAt = Start.AddDays(chance.Below(300)), IntervalSeconds = 60 * (1 + chance.Below(600)) };
            if (chance.OneIn(2))
            {
                relation = relation with
                {
                    WallClock = WallClock.Read($"{chance.Below(24)}:{chance.Below(60):00},2:30", chance.OneIn(2) ? null : "mon-fri", chance.Pick(zones)),
                };
            }

            var (now, last, isSet) = (relation.CreatedAt, (DateTimeOffset?)null, false);
            for (var look = 0; look < 60; look++)
            {
                var due = ReplicationSchedule.Due(relation, now);
                var next = ReplicationSchedule.Next(relation, now);
                Assert.True(next > now);
                Assert.True(due is null || due <= now);
                if (due is { } run)
                {
                    Assert.True(isSet || !(last >= run), $"{run:u} comes after {last:u}");
                    // It is the newest that was planned: none lies between it and now.
                    Assert.Equal(0, ReplicationSchedule.PlannedBetween(relation, run, now.AddTicks(1)));
                    (last, isSet) = (run, false);
                    relation = relation with { Source = relation.Source! with { CompletedRun = run } };
                    Assert.Null(ReplicationSchedule.Due(relation, now));
                }
                else if (!isSet)
                {
                    // Nothing is due though something was planned since the last run: a run is lost.
                    Assert.Equal(0, ReplicationSchedule.PlannedBetween(relation, last!.Value, now.AddTicks(1)));
                }

                if (chance.OneIn(8))
                {
                    now -= TimeSpan.FromMinutes(chance.Below(5000));
                    now = now < relation.CreatedAt ? relation.CreatedAt : now;
                    isSet = true;

                    // By the second planned time from now there is a run, however far the clock was set back.
                    var second = ReplicationSchedule.Next(relation, ReplicationSchedule.Next(relation, now)!.Value)!.Value;
                    Assert.True(ReplicationSchedule.Due(relation, now) is not null || ReplicationSchedule.Due(relation, second) is not null);
                }
                else
                {
                    now = chance.OneIn(3) ? next!.Value : now + TimeSpan.FromMinutes(chance.Below(3000));
                }
            }

            return Task.CompletedTask;
        });

    private static DateTimeOffset? At(int? minutes) => minutes is { } m ? Start.AddMinutes(m) : null;

    private static Relation Periodic(int? completed) =>
        new(
            "r", "v", "north", "ssd", "south", "ssd", ReplicationModes.Periodic, 900, Start, false, ReturnPolicies.Resync, null, null,
            new SourceStatus(
                ReplicationWords.Secondary, null, null, Start, Start, 1, 0, 0, 1, 1, null, null, null, At(completed)),
            null, Start.AddDays(-1));
}
