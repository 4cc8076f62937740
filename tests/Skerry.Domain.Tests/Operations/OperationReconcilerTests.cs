using Skerry.Domain.Operations;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.State;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Operations;

public sealed class OperationReconcilerTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly ManualTime _time = new();
    private readonly RecordingHandler _handler = new("test.do");

    [Fact]
    public async Task An_operation_is_carried_out_once_and_its_effect_and_end_are_one_mutation()
    {
        await using var site = await StartAsync("a");
        _handler.OnRun = (operation, _) => ValueTask.FromResult(OperationResult.Succeeded(
            transaction => transaction.Set(operation.Entity, "description", FieldValue.FromString("done")), FieldValue.From(42)));
        var id = await EnqueueAsync(site, site, "v");
        await site.SettleAsync();
        await site.SettleAsync();

        var done = site.Operations.Show(DomainSite.Admin, id).Value;
        Assert.Equal(OperationStatus.Succeeded, done.Status);
        Assert.Equal(FieldValue.From(42), done.Result);
        Assert.NotNull(done.StartedAt);
        Assert.Equal([id], _handler.Runs);
        var effect = site.Replica.Find(new EntityKey("volume", "v"))!.Standing("description")[0].Dot;
        Assert.Equal(effect, site.Replica.Find(new EntityKey("operation", id))!.Standing("status")[0].Dot);
    }

    [Fact]
    public async Task A_kill_while_it_runs_asks_for_its_outcome_and_never_runs_it_again()
    {
        await using var site = await StartAsync("a");
        var begun = new TaskCompletionSource();
        _handler.OnRun = async (_, stop) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, stop);
            return OperationResult.Succeeded();
        };
        var id = await EnqueueAsync(site, site, "v");
        await site.OperationReconciler.StepAsync(None);
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(10), None);

        await site.RestartAsync();
        Assert.Equal(OperationStatus.Running, site.Operations.Show(DomainSite.Admin, id).Value.Status);
        await site.SettleAsync();

        var ended = site.Operations.Show(DomainSite.Admin, id).Value;
        Assert.Equal(OperationStatus.Failed, ended.Status);
        Assert.StartsWith("Outcome unknown", ended.Reason, StringComparison.Ordinal);
        Assert.Equal([id], _handler.Runs);
        Assert.Equal([id], _handler.Reconciliations);
    }

    [Fact]
    public async Task Whatever_the_moment_of_the_crash_it_runs_at_most_once_and_ends() => await Chance.ForEachSeedAsync(30, async chance =>
    {
        var disk = new MemoryStore();
        FaultyStore? store = null;
        var handler = new RecordingHandler("test.do")
        {
            OnReconcile = _ => ValueTask.FromResult(OperationResult.Failed("looked at")),
        };
        await using var site = await DomainSite.StartAsync(
            "a", _time, () => store = new FaultyStore(disk), s => s.MoreHandlers.Add(handler));
        List<string> ids = [];
        for (var i = 0; i < 4; i++)
        {
            ids.Add(await EnqueueAsync(site, site, $"v{chance.Below(3)}"));
        }

        for (var crash = 0; crash < 3; crash++)
        {
            var writesLeft = chance.Below(8);
            var how = chance.Pick([StoreFault.CrashBefore, StoreFault.CrashAfter]);
            store!.NextFault = () => writesLeft-- == 0 ? how : StoreFault.None;
            try
            {
                for (var step = 0; step < 8; step++)
                {
                    await site.OperationReconciler.StepAsync(None);
                    await Task.Delay(1, None);
                }
            }
            catch (SimulatedCrashException)
            {
                // The step that wrote met the crash itself; else what was under way did.
            }

            await site.RestartAsync();
        }

        await site.SettleAsync();
        foreach (var id in ids)
        {
            Assert.True(site.Operations.Show(DomainSite.Admin, id).Value.IsFinished, $"{id} did not end");
            Assert.True(handler.Runs.Count(r => r == id) <= 1, $"{id} ran twice");
        }
    });

    [Fact]
    public async Task A_handler_that_throws_is_asked_what_came_of_it()
    {
        await using var site = await StartAsync("a");
        _handler.OnRun = (_, _) => throw new IOException("the disk is gone");
        _handler.OnReconcile = _ => throw new IOException("still gone");
        var id = await EnqueueAsync(site, site, "v");
        await site.SettleAsync();

        var ended = site.Operations.Show(DomainSite.Admin, id).Value;
        Assert.Equal(OperationStatus.Failed, ended.Status);
        Assert.Contains("the disk is gone", ended.Reason, StringComparison.Ordinal);
        Assert.Contains("still gone", ended.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operation_asked_at_one_site_waits_for_the_other_and_its_end_comes_back()
    {
        await using var a = await StartAsync("a");
        await using var b = await StartAsync("b");
        var id = await EnqueueAsync(a, b, "v");
        await a.SettleAsync();
        Assert.Equal(OperationStatus.Queued, a.Operations.Show(DomainSite.Admin, id).Value.Status);
        Assert.Empty(_handler.Runs);

        await a.SendAsync(b);
        await b.SettleAsync();
        await b.SendAsync(a);
        Assert.Equal(OperationStatus.Succeeded, a.Operations.Show(DomainSite.Admin, id).Value.Status);
        Assert.Equal([id], _handler.Runs);
        Assert.Empty(a.Replica.Conflicts);
    }

    [Fact]
    public async Task Operations_on_one_entity_run_in_the_order_in_which_they_were_asked()
    {
        await using var a = await StartAsync("a");
        await using var b = await StartAsync("b");
        List<string> asked = [];
        for (var i = 0; i < 5; i++)
        {
            asked.Add(await EnqueueAsync(a, b, "v"));
        }

        await a.SendAsync(b);
        await b.SettleAsync();
        Assert.Equal(asked, _handler.Runs);
    }

    [Fact]
    public async Task Independent_operations_run_side_by_side()
    {
        await using var site = await StartAsync("a");
        using var both = new CountdownEvent(2);
        _handler.OnRun = async (_, _) =>
        {
            both.Signal();
            await Task.Run(() => Assert.True(both.Wait(TimeSpan.FromSeconds(10))), None);
            return OperationResult.Succeeded();
        };
        await EnqueueAsync(site, site, "v");
        await EnqueueAsync(site, site, "w");
        await site.SettleAsync();
        Assert.All(site.Operations.List(DomainSite.Admin, new OperationFilter()), o => Assert.Equal(OperationStatus.Succeeded, o.Status));
    }

    [Fact]
    public async Task One_that_is_cancelled_while_its_site_is_away_never_runs()
    {
        await using var a = await StartAsync("a");
        await using var b = await StartAsync("b");
        var id = await EnqueueAsync(a, b, "v");
        Assert.True((await a.Operations.CancelAsync(DomainSite.Admin, id, None)).Value.CancelRequested);
        await a.SendAsync(b);
        await b.SettleAsync();
        await b.SendAsync(a);
        Assert.Equal(OperationStatus.Cancelled, a.Operations.Show(DomainSite.Admin, id).Value.Status);
        Assert.Empty(_handler.Runs);
        Assert.Equal(RefusalKind.State, (await a.Operations.CancelAsync(DomainSite.Admin, id, None)).Refusal!.Kind);
    }

    [Fact]
    public async Task A_deadline_that_passed_on_the_way_expires_it()
    {
        await using var a = await StartAsync("a");
        await using var b = await StartAsync("b");
        var id = await EnqueueAsync(a, b, "v", _time.GetUtcNow().AddMinutes(1));
        _time.Advance(TimeSpan.FromMinutes(2));
        await a.SendAsync(b);
        await b.SettleAsync();
        var expired = b.Operations.Show(DomainSite.Admin, id).Value;
        Assert.Equal(OperationStatus.Expired, expired.Status);
        Assert.NotNull(expired.Reason);
        Assert.Empty(_handler.Runs);
    }

    [Fact]
    public async Task A_kind_that_the_site_does_not_know_fails_and_says_so()
    {
        await using var site = await StartAsync("a");
        var id = await EnqueueAsync(site, site, "v", kind: "future.thing");
        await site.SettleAsync();
        Assert.Contains("future.thing", site.Operations.Show(DomainSite.Admin, id).Value.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Finished_ones_are_forgotten_after_a_week()
    {
        await using var site = await StartAsync("a");
        var id = await EnqueueAsync(site, site, "v");
        await site.SettleAsync();
        _time.Advance(TimeSpan.FromDays(8));
        await site.SettleAsync();
        Assert.Equal(RefusalKind.NotFound, site.Operations.Show(DomainSite.Admin, id).Refusal!.Kind);
    }

    [Fact]
    public async Task Waiting_ends_when_it_is_finished_or_the_time_is_up()
    {
        await using var site = await StartAsync("a");
        var id = await EnqueueAsync(site, site, "v");
        var timeUp = site.Operations.WaitAsync(DomainSite.Admin, id, TimeSpan.FromSeconds(30), None).AsTask();
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(OperationStatus.Queued, (await timeUp.WaitAsync(TimeSpan.FromSeconds(10), None)).Value.Status);

        var finished = site.Operations.WaitAsync(DomainSite.Admin, id, TimeSpan.FromSeconds(30), None).AsTask();
        await site.SettleAsync();
        Assert.Equal(OperationStatus.Succeeded, (await finished.WaitAsync(TimeSpan.FromSeconds(10), None)).Value.Status);
    }

    [Fact]
    public async Task Another_project_sees_nothing_of_it()
    {
        await using var site = await StartAsync("a");
        var id = await EnqueueAsync(site, site, "v", projectId: "p1");
        var stranger = DomainSite.Member("eve", "p2");
        Assert.Equal(RefusalKind.NotFound, site.Operations.Show(stranger, id).Refusal!.Kind);
        Assert.Empty(site.Operations.List(stranger, new OperationFilter()));
        Assert.Equal(RefusalKind.NotFound, (await site.Operations.CancelAsync(stranger, id, None)).Refusal!.Kind);
        Assert.Single(site.Operations.List(DomainSite.Member("ann", "p1"), new OperationFilter { UnfinishedOnly = true }));
    }

    private Task<DomainSite> StartAsync(string name) => DomainSite.StartAsync(name, _time, prepare: s => s.MoreHandlers.Add(_handler));

    private static async Task<string> EnqueueAsync(
        DomainSite at, DomainSite target, string volume, DateTimeOffset? deadline = null, string kind = "test.do", string? projectId = null) =>
        await at.Context.DecideAsync(
            DomainSite.Admin,
            transaction => at.Operations.Enqueue(
                transaction,
                new OperationRequest(kind, new EntityKey("volume", volume), target.Context.SelfText, FieldValue.Null)
                {
                    Deadline = deadline,
                    ProjectId = projectId,
                },
                DomainSite.Admin),
            None);
}
