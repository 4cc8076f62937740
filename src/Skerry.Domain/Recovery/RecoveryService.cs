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

    /// <summary>What a failover would do if it were asked for now.</summary>
    public async ValueTask<Outcome<FailoverPreview>> PreviewAsync(
        Actor actor, FailoverRequest request, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var (toSite, choice) = await ChooseAsync(state, request.VolumeId, request.ToSite, request.IsForced, cancellationToken);
        var move = Resolve(state, actor, request.VolumeId, toSite, toHome: false);
        if (move.IsRefused)
        {
            return move.Refusal!;
        }

        var preview = (await PreviewAsync(state, move.Value, request.IsForced, cancellationToken)) with { Choice = choice };
        return request.IsForced || move.Value.Primary.Current.IsDemoted || move.Value.IsThere ? preview : preview with
        {
            MoreAdvancedSite = null,
            WritesBehind = null,
            SecondsBehind = null,
            SecondsSinceWhole = 0,
            OwedBytesAtLeast = 0,
            Refusal = CheckPlanned(state, move.Value) ?? CheckWriters(state, move.Value, request.Drain),
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
        var (toSite, choice) = await ChooseAsync(state, request.VolumeId, request.ToSite, request.IsForced, cancellationToken);
        var move = Resolve(state, actor, request.VolumeId, toSite, toHome: false);
        return move.IsRefused ? move.Refusal! : await MoveAsync(
            actor, state,
            move.Value with
            {
                Choice = choice,
                WithoutFence = request.WithoutFence,
                FencedBy = request.FencedBy,
                JointOperationId = request.JointOperationId,
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
        if (Check(state, actor, volumeId) is { } refusal)
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
        var move = Resolve(state, actor, request.VolumeId, request.ToSite, toHome: true);
        return move.IsRefused ? move.Refusal! : await MoveAsync(actor, state, move.Value, request, cancellationToken);
    }

    public async ValueTask<Outcome<RecoveryTicket>> PromoteAsync(
        Actor actor, PromoteRequest request, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var (toSite, choice) = await ChooseAsync(state, request.VolumeId, request.Site, request.IsForced, cancellationToken);
        var move = Resolve(state, actor, request.VolumeId, toSite, toHome: false, mayNamePrimary: true);
        return move.IsRefused ? move.Refusal!
            : move.Value.IsThere ? Done(move.Value)
            : await PromoteAsync(
                actor, state, move.Value with { Choice = choice, WithoutFence = request.WithoutFence }, request.IsForced, cancellationToken);
    }

    public async ValueTask<Outcome<RecoveryTicket>> DemoteAsync(
        Actor actor, DemoteRequest request, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        if (Check(state, actor, request.VolumeId) is { } refusal)
        {
            return refusal;
        }

        var primary = Generations.Primary(state, request.VolumeId)!;
        var move = new Move(request.VolumeId, primary, Generation.Demoted, "");
        return primary.Current.IsDemoted
            ? new RecoveryTicket(null, request.VolumeId, Generations.Owner(Generations.Of(state, request.VolumeId)) ?? site.SelfText)
            : CheckWriters(state, move, request.Drain) is { } attached ? attached
            : await HandOverAsync(actor, move, request.Drain, cancellationToken);
    }

    /// <summary>Lets a copy that diverged follow again; it has its effect at once, so the ticket names no operation.</summary>
    public async ValueTask<Outcome<RecoveryTicket>> ResyncAsync(
        Actor actor, ResyncRequest request, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        if (Check(state, actor, request.VolumeId) is { } refusal)
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
        Actor actor, StateView state, Move move, FailoverRequest request, CancellationToken cancellationToken)
    {
        if (move.IsThere)
        {
            return Done(move);
        }

        if (request.IsForced || move.Primary.Current.IsDemoted)
        {
            return await PromoteAsync(actor, state, move, request.IsForced, cancellationToken);
        }

        return (IsUnderWay(state, move) ? null : CheckPlanned(state, move) ?? CheckWriters(state, move, request.Drain)) is { } refusal
            ? refusal
            : await HandOverAsync(actor, move, request.Drain, cancellationToken);
    }

    private async ValueTask<Outcome<RecoveryTicket>> PromoteAsync(
        Actor actor, StateView state, Move move, bool isForced, CancellationToken cancellationToken)
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
        Actor actor, Move move, bool drain, CancellationToken cancellationToken)
    {
        var at = move.Primary.Current.Site;
        var id = await EnqueueAsync(actor, RecoveryOperations.HandOver, move, at, isForced: false, drain, cancellationToken);
        return Outcome<RecoveryTicket>.Queued(new RecoveryTicket(id, move.VolumeId, at), id);
    }

    private async ValueTask<string> EnqueueAsync(
        Actor actor, string kind, Move move, string targetSite, bool isForced, bool drain, CancellationToken cancellationToken)
    {
        var parameters = new RecoveryParameters(move.Primary.Current.Id, move.ToSite, isForced, drain)
        {
            WithoutFence = move.WithoutFence,
            FencedBy = move.FencedBy,
            JointOperationId = move.JointOperationId,
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
    private static bool IsUnderWay(StateView state, Move move) =>
        UnderWay(
            state, move.VolumeId, RecoveryOperations.HandOver,
            new RecoveryParameters(move.Primary.Current.Id, move.ToSite, IsForced: false, Drain: false) { JointOperationId = move.JointOperationId }) is not null;

    private static RecoveryTicket Done(Move move) => new(null, move.VolumeId, move.ToSite);

    /// <summary>
    /// Of several replicas, for a move by force, the one that has most of those that are reached; which copy of a split brain to
    /// keep is for a person to say.
    /// </summary>
    private async ValueTask<(string? Site, string? Why)> ChooseAsync(
        StateView state, string volumeId, string? named, bool isForced, CancellationToken cancellationToken)
    {
        if (named is not null || !isForced || Generations.Primary(state, volumeId) is not { IsSplitBrain: false } primary)
        {
            return (named, null);
        }

        var copies = await _reader.StandingsAsync(state, primary, volumeId, cancellationToken);
        return copies.FirstOrDefault(c => c.IsReached) is { } best && Relation.OfVolume(state, volumeId).Count > 1
            ? (best.Site, $"Site {best.Name} has the most advanced copy that is reached, of {string.Join(", ", copies)}.")
            : (null, null);
    }

    private Refusal? CheckWriters(StateView state, Move move, bool drain) =>
        drain ? null : AttachedWriters.Refusal(state, move.Primary.Current.Site == site.SelfText ? exports : null, move.VolumeId);

    private async ValueTask<FailoverPreview> PreviewAsync(
        StateView state, Move move, bool isForced, CancellationToken cancellationToken) =>
        FailoverJudgement.Of(
            await _reader.ReadAsync(state, move.Primary, move.VolumeId, move.ToSite, cancellationToken), isForced, site.Now);

    /// <summary>Whether a planned move may be asked for, as far as it is known here; the primary's site decides.</summary>
    private Refusal? CheckPlanned(StateView state, Move move)
    {
        var names = new SiteDirectory(site, state);
        var current = move.Primary.Current;
        if (move.Primary.IsSplitBrain)
        {
            return Refusal.State(
                $"Generation {current.Number} of volume {move.VolumeId} was promoted at more than one site.",
                "Promote the copy to keep by force.");
        }

        if (CiphertextOnly.Check(state, move.VolumeId, move.ToSite, names) is { } unreadable)
        {
            return unreadable;
        }

        var relation = move.Relation;
        if (relation is null || relation.ReplicaOf(current.Site).Site != move.ToSite)
        {
            return Refusal.State(
                $"Volume {move.VolumeId} has no replica at site {move.ToName}.", "Replicate it there first, or name another site.");
        }

        if (relation.SourceOf(current.Site) is var between && between != current.Site)
        {
            return Refusal.State(
                $"The replica of volume {move.VolumeId} at site {move.ToName} follows site {names.NameOf(between)}, not the primary, and may be behind it.",
                $"Fail over to site {names.NameOf(between)} first; or by force when the primary is lost.");
        }

        // What this site knows of a replica is the newest only where the primary is; elsewhere the primary's site is asked.
        var (status, reason, nextStep) = ReplicationSummary.Of(
            fresh?.Apply(relation, move.Primary, site.SelfText, site.Now) ?? relation, move.Primary);
        return current.Site != site.SelfText && status != ReplicationWords.Paused ? null
            : status == ReplicationWords.Secondary || (relation.Mode != ReplicationModes.Instant && status == ReplicationWords.Updating) ? null
            : Refusal.State(
                $"The replica of volume {move.VolumeId} at site {names.NameOf(move.ToSite)} is {status}{(reason is null ? "." : $": {reason}")}",
                nextStep ?? $"Wait until it is {ReplicationWords.Secondary}, or fail over by force when the primary is lost.");
    }

    private Outcome<Move> Resolve(StateView state, Actor actor, string volumeId, string? toSite, bool toHome, bool mayNamePrimary = false)
    {
        if (Check(state, actor, volumeId) is { } refusal)
        {
            return refusal;
        }

        var primary = Generations.Primary(state, volumeId)!;
        var owner = Generations.Owner(Generations.Of(state, volumeId))!;
        var names = new SiteDirectory(site, state);
        var relations = Relation.OfVolume(state, volumeId);
        string target;
        if (toSite is not null)
        {
            var resolved = names.Resolve(toSite);
            if (resolved.IsRefused)
            {
                return resolved.Refusal! with { Field = "to_site" };
            }

            target = resolved.Value;
        }
        else
        {
            // Ciphertext is offered only where there is nothing else, so that it is said why that cannot be.
            var fit = relations.Any(r => !r.IsCiphertextOnly) ? relations.Where(r => !r.IsCiphertextOnly) : relations;
            var candidates = (toHome
                ? fit.Where(r => !r.IsPassedOn).Select(r => r.HomeSite)
                : fit.Where(r => r.SourceOf(owner) == owner).Select(r => r.ReplicaOf(owner).Site)).Distinct().ToList();
            if (candidates.Count == 0 && mayNamePrimary && primary.Current.IsDemoted)
            {
                // The only copy that there is, demoted by hand.
                candidates.Add(owner);
            }

            if (candidates.Count != 1)
            {
                return candidates.Count == 0
                    ? Refusal.State($"Volume {volumeId} is not replicated.", "Make a replication first.")
                    : Refusal.Invalid(
                        "to_site", $"Volume {volumeId} has replicas at {string.Join(", ", candidates.Select(names.NameOf))}.", "Name one.");
            }

            target = candidates[0];
        }

        var relation = relations.FirstOrDefault(r => r.ReplicaOf(owner).Site == target)
            ?? relations.FirstOrDefault(r => r.BackendAt(target) is not null);
        return relation is null && target != owner
            ? Refusal.State($"Site {names.NameOf(target)} has no copy of volume {volumeId}.", "Name a site that has one.")
            : new Move(volumeId, primary, target, names.NameOf(target)) { Relation = relation };
    }

    private static Refusal? Check(StateView state, Actor actor, string volumeId) =>
        state.Find(EntityKinds.Volume, volumeId) is not { } volume || !actor.MaySee(volume.Text("project_id"))
            ? Refusal.NotFound("volume", volumeId)
        : !actor.IsAdmin ? new Refusal(RefusalKind.NotAllowed, "A volume's primary is moved by administrators.")
        : volume.Text(VolumeEntity.DrillOf) is { } drilled ? Refusal.State(
            $"Volume {volumeId} is a drill of volume {drilled}, which has no other copies.", "Stop the drill when it has served.")
        : Generations.Primary(state, volumeId) is null ? Refusal.State($"Volume {volumeId} is still being created.", "Wait until it is available.")
        : null;

    private sealed record Move(string VolumeId, PrimaryView Primary, string ToSite, string ToName)
    {
        /// <summary>By force only: the site's fence command is not run.</summary>
        public bool WithoutFence { get; init; }

        /// <summary>The operation of those that move together.</summary>
        public string? JointOperationId { get; init; }

        /// <summary>The operation that had the old primary fenced for this one.</summary>
        public string? FencedBy { get; init; }

        public Relation? Relation { get; init; }

        /// <summary>Why this site, when none was named.</summary>
        public string? Choice { get; init; }

        /// <summary>Nothing is to be done: the site is the primary.</summary>
        public bool IsThere => !Primary.IsSplitBrain && Primary.Current.Site == ToSite;

        /// <summary>The write to promote at; null for any.</summary>
        public long? AtNumber { get; init; }
    }
}
