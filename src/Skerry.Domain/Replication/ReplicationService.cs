using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>What administrators do with replications. Everything is answered from this site; the two sides of the relation act on it.</summary>
/// <remarks>Each change is one transaction, which decides by the state that it changes. Asked again, it changes nothing more.</remarks>
public sealed class ReplicationService(SiteContext site, FreshStatuses fresh, TransferHistory? history = null)
{
    private readonly ReplicationViews _views = new(site, fresh);
    private readonly Retargeting _retargeting = new(site);

    /// <summary>What to write about a relation; why nothing is written, or null.</summary>
    private delegate Refusal? Change(ITransaction transaction, StateView state, Relation relation);

    public Outcome<ReplicationView> Show(Actor actor, string id)
    {
        var state = StateView.Of(site.Replica);
        return actor.IsAdmin && Relation.Find(state, id) is { } relation
            ? _views.Of(state, relation)
            : Refusal.NotFound("replication", id);
    }

    /// <summary>
    /// The last transfers that this site saw of a replication, newest first: all of them at the source's site, those that were completed
    /// at the target's, and none at others.
    /// </summary>
    public Outcome<IReadOnlyList<TransferEntry>> History(Actor actor, string id)
    {
        if (!actor.IsAdmin || Relation.Find(StateView.Of(site.Replica), id) is null)
        {
            return Refusal.NotFound("replication", id);
        }

        return Outcome<IReadOnlyList<TransferEntry>>.Of(history?.List(id) ?? []);
    }

    /// <summary>Oldest first. Tenants see none.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="volumeId">Only those of this volume; null for all.</param>
    public IReadOnlyList<ReplicationView> List(Actor actor, string? volumeId = null)
    {
        var state = StateView.Of(site.Replica);
        return !actor.IsAdmin
            ? []
            :
            [
                .. Relation.All(state)
                    .Where(r => volumeId is null || r.VolumeId == volumeId)
                    .OrderBy(r => r.CreatedAt).ThenBy(r => r.Id, StringComparer.Ordinal)
                    .Select(r => _views.Of(state, r)),
            ];
    }

    public async ValueTask<Outcome<ReplicationView>> CreateAsync(
        Actor actor, CreateReplicationRequest request, CancellationToken cancellationToken)
    {
        var id = site.Ids.NewUuid();
        var refusal = await site.DecideAsync(
            actor,
            transaction =>
            {
                var wish = ReplicationWish.Judge(site, StateView.Of(transaction), actor, request);
                if (!wish.IsRefused)
                {
                    wish.Value.Write(transaction, Relation.Key(id), site.Now);
                }

                return wish.Refusal;
            },
            cancellationToken);
        return refusal ?? Show(actor, id);
    }

    /// <summary>Changes what people chose about it. The replica stays as it is and follows by the new terms.</summary>
    public ValueTask<Outcome<ReplicationView>> SetAsync(
        Actor actor, string id, ReplicationSettings wanted, CancellationToken cancellationToken) =>
        ChangeAsync(
            actor, id,
            (transaction, state, relation) =>
            {
                var (terms, acks) = (ReplicationTerms.Of(relation), AckChoice.Of(relation));
                var (newTerms, newAcks) = (terms.With(wanted), acks.With(wanted));
                var others = Relation.OfVolume(state, relation.VolumeId).Where(r => r.Id != id);
                if ((newTerms.Check() ?? newAcks.Check(newTerms.Mode, others, relation.IsPassedOn)
                    ?? newAcks.CheckGroup(state, relation.VolumeId)
                    ?? (relation.IsCiphertextOnly ? CiphertextOnly.Check(newAcks) : null)
                    ?? (newTerms.Mode == terms.Mode ? null : AckChoice.ReasonToKeep(state, relation, "taken out of instant mode"))) is { } wrong)
                {
                    return wrong;
                }

                newTerms.Write(transaction, Relation.Key(id), terms);
                newAcks.Write(transaction, Relation.Key(id), acks);
                if (!newTerms.IsScheduledAs(terms))
                {
                    transaction.Set(Relation.Key(id), Relation.ScheduledField, site.Now);
                }

                return null;
            },
            cancellationToken);

    /// <summary>
    /// Moves the replica to another site. What is there of the volume's history already is not sent again; the copy at the old place goes
    /// to the trash there. Where it is already nothing happens.
    /// </summary>
    public ValueTask<Outcome<ReplicationView>> RetargetAsync(
        Actor actor, string id, RetargetReplicationRequest request, CancellationToken cancellationToken) =>
        ChangeAsync(actor, id, (transaction, state, relation) => _retargeting.Move(transaction, state, relation, request), cancellationToken);

    /// <summary>Nothing is shipped until resumed; what was shipped stays and can be promoted.</summary>
    public ValueTask<Outcome<ReplicationView>> PauseAsync(Actor actor, string id, CancellationToken cancellationToken) =>
        ChangeAsync(
            actor, id,
            (transaction, state, relation) =>
            {
                if (AckChoice.ReasonToKeep(state, relation, "paused") is { } kept)
                {
                    return kept;
                }

                SetPaused(transaction, relation, true);
                return null;
            },
            cancellationToken);

    /// <summary>Goes on shipping; what was given up after errors is tried again at once.</summary>
    public ValueTask<Outcome<ReplicationView>> ResumeAsync(Actor actor, string id, CancellationToken cancellationToken) =>
        ChangeAsync(
            actor, id,
            (transaction, _, relation) =>
            {
                SetPaused(transaction, relation, false);
                if (relation.Source?.State == ReplicationWords.Error)
                {
                    transaction.Set(Relation.Key(id), Relation.SyncRequestedField, site.Now);
                }

                return null;
            },
            cancellationToken);

    /// <summary>
    /// Asks for a run now, whatever the schedule says; an instant replication, which is always at it, is asked to make everything
    /// durable at the replica. Follow <see cref="SourceStatus.LastSyncAt"/>.
    /// </summary>
    public ValueTask<Outcome<ReplicationView>> SyncAsync(Actor actor, string id, CancellationToken cancellationToken) =>
        ChangeAsync(
            actor, id,
            (transaction, _, relation) =>
            {
                if (relation.IsPaused)
                {
                    return Refusal.State($"Replication {id} is paused.", "Resume it first.");
                }

                transaction.Set(Relation.Key(id), Relation.SyncRequestedField, site.Now);
                return null;
            },
            cancellationToken);

    /// <summary>Ends the relation. The replica's data stays at its site, in the trash for the configured time, and is purged then.</summary>
    public async ValueTask<Outcome<Unit>> DeleteAsync(Actor actor, string id, CancellationToken cancellationToken) =>
        await DecideAsync(
            actor, id,
            (transaction, state, relation) =>
            {
                if (Relation.OfVolume(state, relation.VolumeId).FirstOrDefault(r => r.IsPassedOn && r.Id != id && r.HomeSite == relation.OtherSite) is { } next)
                {
                    var names = new SiteDirectory(site, state);
                    return Refusal.State(
                        $"The replica at site {names.NameOf(relation.OtherSite)} passes on what it has to site {names.NameOf(next.OtherSite)}, by replication {next.Id}.",
                        $"Delete replication {next.Id} first.");
                }

                if (AckChoice.ReasonToKeep(state, relation, "deleted") is { } kept)
                {
                    return kept;
                }

                transaction.Delete(Relation.Key(id));
                return null;
            },
            cancellationToken) is { } refusal
            ? refusal
            : default(Unit);

    private static void SetPaused(ITransaction transaction, Relation relation, bool isPaused)
    {
        if (relation.IsPaused != isPaused)
        {
            transaction.Set(Relation.Key(relation.Id), Relation.PausedField, FieldValue.From(isPaused));
        }
    }

    private async ValueTask<Outcome<ReplicationView>> ChangeAsync(Actor actor, string id, Change change, CancellationToken cancellationToken) =>
        await DecideAsync(
            actor,
            id,
            (transaction, state, relation) => relation.IsInConflict
                ? new Refusal(RefusalKind.Conflict, $"Replication {id} waits for a choice. {relation.WhyPaused.Reason}", relation.WhyPaused.NextStep)
                : change(transaction, state, relation),
            cancellationToken) is { } refusal ? refusal : Show(actor, id);

    private ValueTask<Refusal?> DecideAsync(Actor actor, string id, Change change, CancellationToken cancellationToken) =>
        site.DecideAsync(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                return actor.IsAdmin && Relation.Find(state, id) is { } relation
                    ? change(transaction, state, relation)
                    : Refusal.NotFound("replication", id);
            },
            cancellationToken);
}
