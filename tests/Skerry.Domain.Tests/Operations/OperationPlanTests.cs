using Skerry.Domain.Operations;
using Skerry.State.Merging;

namespace Skerry.Domain.Tests.Operations;

public sealed class OperationPlanTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly HashSet<EntityKey> Nothing = [];

    [Fact]
    public void Operations_on_one_entity_begin_one_after_the_other_and_others_beside_them()
    {
        var plan = Plan([Queued("1", "v"), Queued("2", "v", madeAt: 1), Queued("3", "w", madeAt: 2)]);
        Assert.Equal(["1", "3"], plan.Begin.Select(o => o.Id));
    }

    [Fact]
    public void An_operation_waits_for_what_its_maker_knew_to_come_first_whatever_the_clocks_say()
    {
        var plan = Plan([Queued("late", "v", madeAt: 9), Queued("early", "v", madeAt: 1) with { After = ["late"] }]);
        Assert.Equal(["late"], plan.Begin.Select(o => o.Id));
    }

    [Fact]
    public void What_came_first_need_not_have_succeeded()
    {
        var failed = Queued("a", "v") with { Status = OperationStatus.Failed };
        Assert.Equal(["b"], Plan([Queued("b", "v") with { After = ["a", "forgotten"] }], failed).Begin.Select(o => o.Id));
    }

    [Theory]
    [InlineData(OperationStatus.Succeeded, true, null)]
    [InlineData(OperationStatus.Queued, false, null)]
    [InlineData(OperationStatus.Running, false, null)]
    [InlineData(OperationStatus.Failed, false, OperationStatus.Discarded)]
    [InlineData(OperationStatus.Cancelled, false, OperationStatus.Discarded)]
    [InlineData(OperationStatus.Expired, false, OperationStatus.Discarded)]
    [InlineData(OperationStatus.Discarded, false, OperationStatus.Discarded)]
    public void What_it_depends_on_must_have_succeeded(OperationStatus needed, bool begins, OperationStatus? dropped)
    {
        var first = Queued("a", "v") with { Status = needed, Reason = "the disk is full", TargetSite = "elsewhere" };
        var plan = Plan([Queued("b", "w") with { DependsOn = ["a"] }], first);
        Assert.Equal(begins, plan.Begin.Count == 1);
        Assert.Equal(dropped, plan.Drop.Count == 1 ? plan.Drop[0].Status : null);
        if (dropped is not null)
        {
            Assert.Contains("the disk is full", plan.Drop[0].Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_deadline_that_passed_expires_it_and_one_that_is_to_come_is_told()
    {
        var plan = Plan(
        [
            Queued("past", "v") with { Deadline = Now },
            Queued("waits", "w") with { Deadline = Now.AddMinutes(2), DependsOn = ["past"] },
        ]);
        Assert.Equal(("past", OperationStatus.Expired), (plan.Drop[0].Operation.Id, plan.Drop[0].Status));
        Assert.Equal(Now.AddMinutes(2), plan.NextDeadline);
    }

    [Fact]
    public void A_cancelled_one_is_dropped_and_does_not_hold_up_the_next()
    {
        var plan = Plan([Queued("1", "v") with { CancelRequested = true }, Queued("2", "v", madeAt: 1)]);
        Assert.Equal(OperationStatus.Cancelled, plan.Drop.Single().Status);
        Assert.Equal(["2"], plan.Begin.Select(o => o.Id));
    }

    [Fact]
    public void The_more_urgent_begins_first_and_slots_are_bounded()
    {
        var plan = Plan([Queued("1", "v"), Queued("2", "w", madeAt: 1) with { Priority = 5 }], slots: 1);
        Assert.Equal(["2"], plan.Begin.Select(o => o.Id));
        Assert.Empty(Plan([Queued("1", "v")], slots: 0).Begin);
    }

    [Fact]
    public void Nothing_begins_on_an_entity_that_is_busy()
    {
        var plan = OperationPlan.Of([Queued("1", "v")], new HashSet<EntityKey> { new("volume", "v") }, _ => null, 8, Now);
        Assert.Empty(plan.Begin);
    }

    private static OperationPlan Plan(Operation[] queued, params Operation[] others) => Plan(queued, 8, others);

    private static OperationPlan Plan(Operation[] queued, int slots, params Operation[] others) =>
        OperationPlan.Of(queued, Nothing, id => queued.Concat(others).FirstOrDefault(o => o.Id == id), slots, Now);

    private static Operation Queued(string id, string volume, int madeAt = 0) => new(
        id, "volume.extend", new EntityKey("volume", volume), "here", FieldValue.Null, 0, null, [], [], null, "test",
        Now.AddSeconds(madeAt), OperationStatus.Queued, false, null, null, null, null);
}
