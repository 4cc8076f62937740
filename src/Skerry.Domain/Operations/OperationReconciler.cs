using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Operations;

/// <summary>Carries out the operations that target this site, each at most once.</summary>
/// <remarks>
/// <para>
/// The invariant: <see cref="IOperationHandler.RunAsync"/> is called for an operation only by the one who durably moved it from
/// queued to running, and only then. An operation that is found running and was not begun by this object was begun in an earlier
/// life of the daemon, and only its outcome is looked for.
/// </para>
/// <para>
/// A step begins what can begin and returns; what is under way goes on beside it, one operation for each entity, and its end changes
/// an operation, which calls for the next step.
/// </para>
/// </remarks>
public sealed class OperationReconciler : IReconciler, IAsyncDisposable
{
    /// <summary>How many operations are carried out side by side.</summary>
    public const int Slots = 8;

    /// <summary>
    /// How many urgent ones beside them. They mostly wait for each other's sites, and bound their own heavy steps.
    /// </summary>
    public const int UrgentSlots = 128;

    /// <summary>How many finished operations of this site can be looked up.</summary>
    public const int Kept = 5000;

    /// <summary>How long finished operations can be looked up.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(7);

    private static readonly TimeSpan PurgeEvery = TimeSpan.FromMinutes(1);

    // The end of an operation changes the state and so calls for a step; a fault of the store in between does not.
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(5);

    /// <summary>What holds an operation is mostly no operation, and its end calls for no step.</summary>
    private static readonly TimeSpan HeldLookAgainAfter = TimeSpan.FromSeconds(1);

    private static readonly Actor Self = Actor.System("operations");

    private readonly SiteContext _site;
    private readonly Dictionary<string, IOperationHandler> _handlers;
    private readonly Dictionary<string, Work> _underWay = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private int _disposed;
    private DateTimeOffset _purgeAt = DateTimeOffset.MinValue;

    public OperationReconciler(SiteContext site, IEnumerable<IOperationHandler> handlers)
    {
        _site = site;
        _handlers = handlers.ToDictionary(h => h.Kind, StringComparer.Ordinal);
    }

    public string Name => "operations";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Operation, EntityKinds.Site];

    /// <summary>How many operations are being carried out, or have ended since the last step.</summary>
    public int UnderWay => _underWay.Count;

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(_site.Replica);
        var reports = await ReapAsync(id => OperationEntity.Find(state, id) is not { IsFinished: false });
        var mine = OperationEntity.Unfinished(state).Where(o => o.TargetSite == _site.SelfText).ToList();
        foreach (var orphan in mine.Where(o => o.Status == OperationStatus.Running && !_underWay.ContainsKey(o.Id)))
        {
            reports.Add(new StepReport($"Operation {orphan.Id} ({orphan.Kind}) was running when the daemon stopped; looking for its outcome."));
            _underWay.Add(orphan.Id, new Work(orphan.Entity, IsUrgent(orphan), ReconcileAsync(orphan, "the daemon stopped")));
        }

        var queued = mine.Where(o => o.Status == OperationStatus.Queued && !_underWay.ContainsKey(o.Id)).ToList();
        var barred = queued
            .Select(o => (Operation: o, Reason: OperationBar.Reason(state, _site.SelfText, o.Id)))
            .Where(o => o.Reason is not null)
            .Select(o => new DroppedOperation(o.Operation, OperationStatus.Discarded, o.Reason!))
            .ToList();
        var plan = OperationPlan.Of(
            queued.Except(barred.Select(b => b.Operation)),
            _underWay.Values.Select(w => w.Entity).ToHashSet(),
            id => OperationEntity.Find(state, id),
            Slots - _underWay.Values.Count(w => !w.IsUrgent),
            _site.Now,
            UrgentSlots - _underWay.Values.Count(w => w.IsUrgent),
            IsUrgent,
            o => OperationGates.ReasonToWait(state, o) is not null);
        if (plan.Drop.Count + barred.Count > 0)
        {
            await DropAsync([.. barred, .. plan.Drop], cancellationToken);
        }

        foreach (var operation in plan.Begin)
        {
            _underWay.Add(operation.Id, new Work(operation.Entity, IsUrgent(operation), BeginAsync(operation)));
        }

        if (_site.Now >= _purgeAt)
        {
            await PurgeAsync(state, cancellationToken);
            _purgeAt = _site.Now + PurgeEvery;
        }

        var wake = Earlier(Earlier(plan.NextDeadline, _purgeAt), _underWay.Count > 0 ? _site.Now + LookAgainAfter : null);
        wake = plan.IsHolding ? Earlier(wake, _site.Now + HeldLookAgainAfter) : wake;
        return (wake is { } at ? StepResult.After(Positive(at - _site.Now)) : StepResult.Done).With(reports);
    }

    /// <summary>Stops what is under way; what had begun is looked at after the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stop.CancelAsync();
        await ReapAsync(_ => true);
        _stop.Dispose();
    }

    private async Task BeginAsync(Operation operation)
    {
        await Task.Yield();
        if (!await MarkRunningAsync(operation.Id))
        {
            return;
        }

        if (!_handlers.TryGetValue(operation.Kind, out var handler))
        {
            await FinishAsync(
                operation,
                OperationResult.Failed($"This site does not know operations of kind {operation.Kind}; upgrade it and ask again."));
            return;
        }

        OperationResult result;
        try
        {
            result = await handler.RunAsync(operation, _stop.Token);
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            await ReconcileAsync(operation, e.Message);
            return;
        }

        await FinishAsync(operation, result);
    }

    private async Task ReconcileAsync(Operation operation, string interruption)
    {
        await Task.Yield();
        OperationResult result;
        try
        {
            result = _handlers.TryGetValue(operation.Kind, out var handler)
                ? await handler.ReconcileAsync(operation, _stop.Token)
                : OperationResult.OutcomeUnknown($"{interruption}, and this site does not know operations of kind {operation.Kind}.");
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            result = OperationResult.OutcomeUnknown($"{interruption}; looking for what came of it failed too: {e.Message}");
        }

        await FinishAsync(operation, result);
    }

    // The one place where an operation begins. Between deciding and here it may have been cancelled, or begun by another daemon.
    private async Task<bool> MarkRunningAsync(string id) =>
        await _site.DecideAsync(
            Self,
            transaction =>
            {
                if (OperationEntity.Find(StateView.Of(transaction), id) is not
                    { Status: OperationStatus.Queued, CancelRequested: false }
                    || OperationBar.Reason(StateView.Of(transaction), _site.SelfText, id) is not null)
                {
                    return false;
                }

                OperationEntity.WriteStatus(transaction, id, OperationStatus.Running);
                transaction.Set(
                    OperationEntity.Key(id), "started_at", FieldValue.FromString(Instants.ToField(_site.Now)), DomainSchema.OwnerRank);
                return true;
            },
            _stop.Token);

    private async Task FinishAsync(Operation operation, OperationResult result) =>
        await _site.DecideAsync(
            Self,
            transaction =>
            {
                result.Effect?.Invoke(transaction);
                End(transaction, operation.Id, result.Status, result.Reason);
                if (result.Refusal is { } refusal)
                {
                    OperationEntity.WriteRefusal(transaction, operation.Id, refusal);
                }

                if (result.Value is { } value)
                {
                    transaction.Set(OperationEntity.Key(operation.Id), "result", value, DomainSchema.OwnerRank);
                }

                return default(Unit);
            },
            CancellationToken.None);

    private async ValueTask DropAsync(IReadOnlyList<DroppedOperation> dropped, CancellationToken cancellationToken) =>
        await _site.DecideAsync(
            Self,
            transaction =>
            {
                foreach (var (operation, status, reason) in dropped)
                {
                    if (OperationEntity.Find(StateView.Of(transaction), operation.Id) is { Status: OperationStatus.Queued })
                    {
                        End(transaction, operation.Id, status, reason);
                    }
                }

                return default(Unit);
            },
            cancellationToken);

    private void End(ITransaction transaction, string id, OperationStatus status, string? reason)
    {
        var key = OperationEntity.Key(id);
        OperationEntity.WriteStatus(transaction, id, status);
        transaction.Set(key, "finished_at", FieldValue.FromString(Instants.ToField(_site.Now)), DomainSchema.OwnerRank);
        if (reason is not null)
        {
            transaction.Set(key, "reason", FieldValue.FromString(reason), DomainSchema.OwnerRank);
        }
    }

    /// <summary>Forgets the site's own operations that ended long ago, and of too many the oldest.</summary>
    private async ValueTask PurgeAsync(StateView state, CancellationToken cancellationToken)
    {
        var finished = state.List(EntityKinds.Operation)
            .Where(e => (e.Text("target_site") ?? e.Text(OperationEntity.HeldForField)) == _site.SelfText && e.Instant("finished_at") is not null)
            .Select(e => (e.Key, FinishedAt: e.Instant("finished_at")!.Value))
            .OrderByDescending(o => o.FinishedAt)
            .ToList();
        var old = finished.Skip(Kept).Concat(finished.Take(Kept).Where(o => o.FinishedAt + KeptFor < _site.Now)).Select(o => o.Key).ToList();
        if (old.Count > 0)
        {
            await _site.DecideAsync(
                Self,
                transaction =>
                {
                    old.ForEach(transaction.Delete);
                    return default(Unit);
                },
                cancellationToken);
        }
    }

    /// <summary>Takes away what has ended, and tells of what broke: such an operation is looked at again.</summary>
    /// <param name="hasEnded">True of an operation whose work is over but for the return of its task: that is waited for.</param>
    private async ValueTask<List<StepReport>> ReapAsync(Func<string, bool> hasEnded)
    {
        var reports = new List<StepReport>();
        foreach (var (id, work) in _underWay.ToList())
        {
            if (!work.Task.IsCompleted && !hasEnded(id))
            {
                continue;
            }

            try
            {
                await work.Task;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // The daemon stops. What had begun is found running after the next start.
            }
            catch (Exception e)
            {
                reports.Add(new StepReport($"Operation {id} could not be carried through: {e.Message}", IsProblem: true));
            }

            _underWay.Remove(id);
        }

        return reports;
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null ? other : other is null || one < other ? one : other;

    private static TimeSpan Positive(TimeSpan span) => span > TimeSpan.Zero ? span : TimeSpan.Zero;

    private bool IsUrgent(Operation operation) => _handlers.TryGetValue(operation.Kind, out var handler) && handler.IsUrgent;

    private sealed record Work(EntityKey Entity, bool IsUrgent, Task Task);
}
