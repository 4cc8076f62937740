using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.Domain.Sites;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Recovery;

/// <summary>
/// What administrators do with a volume's primary. Each request becomes an operation at the site that carries it out; only the
/// checks that any site can make from what it knows are made here, and all of them again there.
/// </summary>
public sealed class RecoveryService(
    SiteContext site, OperationService operations, IEnumerable<IReplicaStore> stores, ILinkStatus links, ExportRegistry? exports = null,
    FreshStatuses? fresh = null)
{
    // A request to move a primary that could not be begun by then must not surprise anybody later.
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    private readonly PromotionFactsReader _reader = new(site, [.. stores], links);
    private readonly MoveChoices _choices = new(site, links);
    private readonly PlannedMoveCheck _planned = new(site, exports, fresh);

    /// <summary>What a failover would do if it were asked for now.</summary>
    public async ValueTask<Outcome<FailoverPreview>> PreviewAsync(
        Actor actor, FailoverRequest request, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var (toSite, choice) = await _choices.ChooseAsync(_reader, state, request.VolumeId, request.ToSite, request.IsForced, cancellationToken);
        var move = _choices.Resolve(state, actor, request.VolumeId, toSite, toHome: false);
        if (move.IsRefused)
        {
            return move.Refusal!;
        }

        var preview = (await PreviewAsync(state, move.Value with { SnapshotId = request.SnapshotId }, request.IsForced, cancellationToken)) with { Choice = choice };
        return request.IsForced || request.SnapshotId is not null || move.Value.Primary.Current.IsDemoted || move.Value.IsThere ? preview : preview with
        {
            MoreAdvancedSite = null,
            WritesBehind = null,
            SecondsBehind = null,
            SecondsSinceWhole = 0,
            OwedBytesAtLeast = 0,
            Refusal = _planned.Check(state, move.Value) ?? _planned.CheckWriters(state, move.Value, request.Drain),
            Loss = "Nothing is lost: the primary stops first, and its last write is waited for."
                + (new Reach(site, state, links).IsConnected(move.Value.Primary.Current.Site) ? ""
                    : $" But site {new SiteDirectory(site, state).NameOf(move.Value.Primary.Current.Site)}, which has to do it, is not reached from here: if it does not begin within {Deadline.TotalMinutes:0} minutes, nothing is done. If it is lost, fail over by force."),
        };
    }

    /// <summary>Planned: drains and demotes the primary, then promotes; forced: promotes alone, with what the preview says.</summary>
    public async ValueTask<Outcome<RecoveryTicket>> FailoverAsync(
        Actor actor, FailoverRequest request, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var (toSite, choice) = await _choices.ChooseAsync(_reader, state, request.VolumeId, request.ToSite, request.IsForced, cancellationToken);
        var move = _choices.Resolve(state, actor, request.VolumeId, toSite, toHome: false);
        return move.IsRefused ? move.Refusal! : await MoveAsync(
            actor, state,
            move.Value with
            {
                Choice = choice,
                WithoutFence = request.WithoutFence,
                FencedBy = request.FencedBy,
                JointOperationId = request.JointOperationId,
                SnapshotId = request.SnapshotId,
                AtNumber = request.AtNumber,
            },
            request, cancellationToken);
    }

    /// <summary>
    /// Asks the primary's site to undo a planned failover, or a demotion, that is under way; it does, until the generation is
    /// written. What was aborted already stays so.
    /// </summary>
    public async ValueTask<Outcome<RecoveryTicket>> AbortAsync(Actor actor, string volumeId, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        if (MoveChoices.Check(state, actor, volumeId) is { } refusal)
        {
            return refusal;
        }

        var last = state.List(EntityKinds.Operation)
            .Where(e => e.Text("kind") == RecoveryOperations.HandOver)
            .Select(OperationEntity.Read)
            .Where(o => o.Entity == VolumeEntity.Key(volumeId))
            .OrderBy(o => o.MadeAt).ThenBy(o => o.Id, StringComparer.Ordinal)
            .LastOrDefault();
        if (last is null or { IsFinished: true, Status: not (OperationStatus.Cancelled or OperationStatus.Succeeded) })
        {
            return Refusal.State(
                $"No planned failover of volume {volumeId} is under way.",
                last?.Reason is { } why ? $"The last one ended by itself: {why}" : null);
        }

        if (last.Status == OperationStatus.Succeeded)
        {
            return Refusal.State(
                $"The planned failover of volume {volumeId} is done; it could be aborted until its stage {FailoverStages.Promote}.",
                "Fail back, if the primary is to return.");
        }

        var ticket = new RecoveryTicket(last.Id, volumeId, last.TargetSite);
        if (last.Status == OperationStatus.Cancelled)
        {
            return ticket;
        }

        var cancelled = await operations.CancelAsync(actor, last.Id, cancellationToken);
        return cancelled.IsRefused ? cancelled.Refusal! : Outcome<RecoveryTicket>.Queued(ticket, last.Id);
    }

    /// <summary>A planned failover to the volume's home; <see cref="FailoverRequest.ToSite"/> overrides where that is.</summary>
    public async ValueTask<Outcome<RecoveryTicket>> FailbackAsync(
        Actor actor, FailoverRequest request, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var move = _choices.Resolve(state, actor, request.VolumeId, request.ToSite, toHome: true);
        return move.IsRefused ? move.Refusal! : await MoveAsync(actor, state, move.Value, request, cancellationToken);
    }

    public async ValueTask<Outcome<RecoveryTicket>> PromoteAsync(
        Actor actor, PromoteRequest request, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var (toSite, choice) = await _choices.ChooseAsync(_reader, state, request.VolumeId, request.Site, request.IsForced, cancellationToken);
        toSite ??= PromotedBefore.Site(state, request.VolumeId, new Reach(site, state, links));
        var move = _choices.Resolve(state, actor, request.VolumeId, toSite, toHome: false, mayNamePrimary: true);
        if (move.IsRefused)
        {
            return move.Refusal!;
        }

        var wanted = move.Value with { Choice = choice, WithoutFence = request.WithoutFence, SnapshotId = request.SnapshotId };
        return !wanted.IsThere ? await PromoteAsync(actor, state, wanted, request.IsForced, cancellationToken)
            : OlderState.CheckThere(state, wanted) is { } other ? other
            : Done(wanted);
    }

    public async ValueTask<Outcome<RecoveryTicket>> DemoteAsync(
        Actor actor, DemoteRequest request, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        if (MoveChoices.Check(state, actor, request.VolumeId) is { } refusal)
        {
            return refusal;
        }

        var primary = Generations.Primary(state, request.VolumeId)!;
        var move = new PrimaryMove(request.VolumeId, primary, Generation.Demoted, "");
        return primary.Current.IsDemoted
            ? new RecoveryTicket(null, request.VolumeId, Generations.Owner(Generations.Of(state, request.VolumeId)) ?? site.SelfText)
            : _planned.CheckWriters(state, move, request.Drain) is { } attached ? attached
            : await HandOverAsync(actor, move, request.Drain, cancellationToken);
    }

    /// <summary>Lets a copy that diverged follow again; it has its effect at once, so the ticket names no operation.</summary>
    public async ValueTask<Outcome<RecoveryTicket>> ResyncAsync(
        Actor actor, ResyncRequest request, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        if (MoveChoices.Check(state, actor, request.VolumeId) is { } refusal)
        {
            return refusal;
        }

        var names = new SiteDirectory(site, state);
        var current = Generations.Primary(state, request.VolumeId)!.Current;
        if (request.Site is { } wanted && names.Resolve(wanted) is { IsRefused: false } resolved && resolved.Value == current.Site)
        {
            return Refusal.State(
                $"Site {names.NameOf(current.Site)} is the primary of volume {request.VolumeId}; a primary follows nobody.",
                "Name the site whose copy is to follow it.");
        }

        if (current.IsDemoted)
        {
            return Refusal.State($"No copy of volume {request.VolumeId} is primary.", "Promote the copy that the others are to follow.");
        }

        var relation = Relation.OfVolume(state, request.VolumeId).FirstOrDefault(
            r => request.Site is null || r.ReplicaOf(current.Site).Site == request.Site
                || names.NameOf(r.ReplicaOf(current.Site).Site) == request.Site);
        if (relation is null)
        {
            return Refusal.State($"Volume {request.VolumeId} has no such replica.", "Look at its replications.");
        }

        await site.DecideAsync(
            actor,
            transaction =>
            {
                transaction.Set(Relation.Key(relation.Id), Relation.ResyncGenerationField, current.Id);
                return default(Unit);
            },
            cancellationToken);
        return new RecoveryTicket(null, request.VolumeId, relation.ReplicaOf(current.Site).Site);
    }

    private async ValueTask<Outcome<RecoveryTicket>> MoveAsync(
        Actor actor, StateView state, PrimaryMove move, FailoverRequest request, CancellationToken cancellationToken)
    {
        if (move.IsThere)
        {
            return OlderState.CheckThere(state, move) is { } other ? other : Done(move);
        }

        if (request.IsForced || request.SnapshotId is not null || move.Primary.Current.IsDemoted)
        {
            return await PromoteAsync(actor, state, move, request.IsForced, cancellationToken);
        }

        return (IsUnderWay(state, move) ? null : _planned.Check(state, move) ?? _planned.CheckWriters(state, move, request.Drain)) is { } refusal
            ? refusal
            : await HandOverAsync(actor, move, request.Drain, cancellationToken);
    }

    private async ValueTask<Outcome<RecoveryTicket>> PromoteAsync(
        Actor actor, StateView state, PrimaryMove move, bool isForced, CancellationToken cancellationToken)
    {
        var preview = (await PreviewAsync(state, move, isForced, cancellationToken)) with { Choice = move.Choice };
        if (preview.Refusal is { } refusal)
        {
            return refusal;
        }

        var id = await EnqueueAsync(actor, RecoveryOperations.Promote, move, move.ToSite, isForced, drain: false, cancellationToken);
        return Outcome<RecoveryTicket>.Queued(new RecoveryTicket(id, move.VolumeId, move.ToSite, preview), id);
    }

    private async ValueTask<Outcome<RecoveryTicket>> HandOverAsync(
        Actor actor, PrimaryMove move, bool drain, CancellationToken cancellationToken)
    {
        var at = move.Primary.Current.Site;
        var id = await EnqueueAsync(actor, RecoveryOperations.HandOver, move, at, isForced: false, drain, cancellationToken);
        return Outcome<RecoveryTicket>.Queued(new RecoveryTicket(id, move.VolumeId, at), id);
    }

    private async ValueTask<string> EnqueueAsync(
        Actor actor, string kind, PrimaryMove move, string targetSite, bool isForced, bool drain, CancellationToken cancellationToken)
    {
        var parameters = new RecoveryParameters(move.Primary.Current.Id, move.ToSite, isForced, drain)
        {
            WithoutFence = move.WithoutFence,
            FencedBy = move.FencedBy,
            JointOperationId = move.JointOperationId,
            AtSnapshotId = move.SnapshotId,
            AtNumber = move.AtNumber,
        };
        return await site.DecideAsync(
            actor,
            transaction => UnderWay(StateView.Of(transaction), move.VolumeId, kind, parameters)?.Id ?? operations.Enqueue(
                transaction,
                new OperationRequest(
                    kind, VolumeEntity.Key(move.VolumeId), targetSite,
                    FieldValue.Serialize(parameters, RecoveryJson.Default.RecoveryParameters))
                {
                    Deadline = site.Now + Deadline,
                },
                actor),
            cancellationToken);
    }

    /// <summary>The very same move, asked for before and not over: who asks again follows that one.</summary>
    private static Operation? UnderWay(StateView state, string volumeId, string kind, RecoveryParameters wanted) =>
        OperationEntity.Unfinished(state).FirstOrDefault(o =>
            o.Kind == kind && o.Entity == VolumeEntity.Key(volumeId) && !o.CancelRequested
            && o.Parameters.Deserialize(RecoveryJson.Default.RecoveryParameters) is { } known && known with { Drain = wanted.Drain } == wanted);

    /// <summary>While a move is under way its replica is in motion, and that is no reason against asking for it again.</summary>
    private static bool IsUnderWay(StateView state, PrimaryMove move) =>
        UnderWay(
            state, move.VolumeId, RecoveryOperations.HandOver,
            new RecoveryParameters(move.Primary.Current.Id, move.ToSite, IsForced: false, Drain: false) { JointOperationId = move.JointOperationId }) is not null;

    /// <summary>The one site that all were promoted at before, by force; null when that is not so.</summary>
    internal string? PromotedAt(StateView state, IEnumerable<string> volumeIds) => _choices.PromotedAt(state, volumeIds);

    private static RecoveryTicket Done(PrimaryMove move) => new(null, move.VolumeId, move.ToSite);

    private async ValueTask<FailoverPreview> PreviewAsync(
        StateView state, PrimaryMove move, bool isForced, CancellationToken cancellationToken) =>
        move.IsThere
            ? new FailoverPreview(
                move.VolumeId, move.ToSite, move.ToSite, isForced, null, 0, 0, null, site.Now, OlderState.CheckThere(state, move),
                $"Nothing is to be done: site {move.ToName} is the primary of volume {move.VolumeId}, in generation {move.Primary.Current.Number}.")
            : OlderState.Apply(
                site, state,
                FailoverJudgement.Of(
                    await _reader.ReadAsync(state, move.Primary, move.VolumeId, move.ToSite, cancellationToken), isForced, site.Now),
                move.SnapshotId);
}
