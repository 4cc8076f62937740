using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Operations;

/// <summary>Makes operations, shows them, and asks for their end.</summary>
public sealed class OperationService(SiteContext site)
{
    /// <summary>
    /// Writes a queued operation in the caller's transaction, so that it and what it belongs to are one mutation. It comes after
    /// every unfinished operation on the same entity and target that this site knows.
    /// </summary>
    /// <returns>The operation's id.</returns>
    public string Enqueue(ITransaction transaction, OperationRequest request, Actor actor)
    {
        var earlier = OperationEntity.Unfinished(StateView.Of(transaction))
            .Where(o => o.Entity == request.Entity && o.TargetSite == request.TargetSite)
            .Select(o => o.Id)
            .ToList();
        var id = site.Ids.NewUuid();
        var key = OperationEntity.Key(id);
        transaction.Set(key, "kind", request.Kind);
        transaction.Set(key, "entity", request.Entity.ToString());
        var isUnderstood = Capabilities.Missing(StateView.Of(transaction), request.TargetSite, request.Needs).Count == 0;
        transaction.Set(key, isUnderstood ? "target_site" : OperationEntity.HeldForField, request.TargetSite);
        transaction.Set(key, "parameters", request.Parameters);
        transaction.Set(key, "made_by", actor.Name);
        transaction.Set(key, "made_at", site.Now);
        transaction.Set(key, "status", FieldValue.FromString(OperationEntity.Word(OperationStatus.Queued)));
        if (request.Priority != 0)
        {
            transaction.Set(key, "priority", FieldValue.From(request.Priority));
        }

        if (request.Deadline is { } deadline)
        {
            transaction.Set(key, "deadline", deadline);
        }

        if (request.ProjectId is not null)
        {
            transaction.Set(key, "project_id", request.ProjectId);
        }

        if (request.DependsOn.Count > 0)
        {
            transaction.Set(key, "depends_on", FieldValue.Serialize([.. request.DependsOn], DomainJson.Default.ListString));
        }

        if (request.Needs.Count > 0)
        {
            transaction.Set(key, "needs", FieldValue.Serialize([.. request.Needs], DomainJson.Default.ListString));
        }

        if (request.Seen is not null)
        {
            transaction.Set(key, OperationEntity.SeenField, FieldValue.Serialize([.. request.Seen], DomainJson.Default.ListString));
        }

        if (earlier.Count > 0)
        {
            transaction.Set(key, "after", FieldValue.Serialize(earlier, DomainJson.Default.ListString));
        }

        return id;
    }

    /// <summary>Newest first.</summary>
    public IReadOnlyList<Operation> List(Actor actor, OperationFilter filter) =>
    [
        .. StateView.Of(site.Replica).List(EntityKinds.Operation)
            .Where(e => !filter.UnfinishedOnly || OperationEntity.IsUnfinished(e))
            .Select(OperationEntity.Read)
            .Where(o => actor.MaySee(o.ProjectId)
                && (filter.Kind is null || o.Kind == filter.Kind)
                && (filter.Entity is null || o.Entity == filter.Entity)
                && (filter.TargetSite is null || o.TargetSite == filter.TargetSite)
                && (filter.Status is null || o.Status == filter.Status))
            .OrderByDescending(o => o.MadeAt)
            .ThenBy(o => o.Id, StringComparer.Ordinal)
            .Select(o => WithReason(StateView.Of(site.Replica), o)),
    ];

    public Outcome<Operation> Show(Actor actor, string id) =>
        OperationEntity.Find(StateView.Of(site.Replica), id) is { } operation && actor.MaySee(operation.ProjectId)
            ? WithReason(StateView.Of(site.Replica), operation)
            : Refusal.NotFound("operation", id);

    /// <summary>Of one that is held: why, in place of the reason that it will have when it is over.</summary>
    private static Operation WithReason(StateView state, Operation operation) =>
        OperationGates.ReasonToWait(state, operation) is { } reason ? operation with { Reason = reason } : operation;

    /// <summary>
    /// Asks the target to drop it, or to undo it while its progress says that it can; else one that has begun goes on. The answer
    /// shows the operation as it stands here. Asking again while it is being cancelled changes nothing.
    /// </summary>
    public async ValueTask<Outcome<Operation>> CancelAsync(Actor actor, string id, CancellationToken cancellationToken) =>
        await site.DecideAsync<Outcome<Operation>>(
            actor,
            transaction =>
            {
                if (OperationEntity.Find(StateView.Of(transaction), id) is not { } operation || !actor.MaySee(operation.ProjectId))
                {
                    return Refusal.NotFound("operation", id);
                }

                if (!actor.IsMember)
                {
                    return new Refusal(RefusalKind.NotAllowed, $"The role of {actor.Name} may not cancel operations.");
                }

                if (operation is { CancelRequested: true, IsFinished: false })
                {
                    return operation;
                }

                if (operation.Status != OperationStatus.Queued && operation is not { IsFinished: false, Progress.CanAbort: true })
                {
                    return operation is { Progress: { AbortUntil: { } last } progress }
                        ? Refusal.State(
                            $"Operation {id} is {OperationEntity.Word(operation.Status)} at stage {progress.Stage}; it could be aborted until stage {last}.",
                            "Fail back when it is done, if the primary is to return.")
                        : Refusal.State(
                            $"Operation {id} is {OperationEntity.Word(operation.Status)}; only a queued one can be cancelled.");
                }

                transaction.Set(OperationEntity.Key(id), "cancel_requested", FieldValue.From(true));
                return operation with { CancelRequested = true };
            },
            cancellationToken);

    /// <summary>Returns when it is finished as far as this site knows, or when the timeout has passed, whichever is first.</summary>
    public async ValueTask<Outcome<Operation>> WaitAsync(
        Actor actor, string id, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var feed = site.Replica.Subscribe(key => key == OperationEntity.Key(id));
        using var limit = new CancellationTokenSource(timeout, site.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        while (true)
        {
            var shown = Show(actor, id);
            if (shown.IsRefused || shown.Value.IsFinished)
            {
                return shown;
            }

            try
            {
                await feed.ReadAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return Show(actor, id);
            }
        }
    }
}
