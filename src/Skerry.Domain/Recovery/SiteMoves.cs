using Skerry.Domain.Groups;
using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Recovery;

/// <summary>A wish to move all that is primary at a site, or to bring back all whose home it is.</summary>
/// <param name="Site">The site's name or id.</param>
/// <param name="ToSite">Where to; null for where each has its replica. Not with a failback, which goes home.</param>
/// <param name="PlanName">The plan to go by; null for what is derived: groups first, then the volumes that are in none.</param>
/// <param name="IsForced">Without the consent of the site, which must be out of reach. Not with a failback.</param>
/// <param name="Drain">Close the exports of attached writers instead of refusing because of them.</param>
/// <param name="IsFailback">Bring home what is primary elsewhere, planned.</param>
public sealed record SiteMoveRequest(
    string Site, string? ToSite = null, string? PlanName = null, bool IsForced = false, bool Drain = false, bool IsFailback = false)
{
    /// <summary>By force only: the fence commands are not run, and the operation records that they were not.</summary>
    public bool WithoutFence { get; init; }
}

/// <summary>What a move of a site would do, told before it is done.</summary>
/// <param name="Site">The site, as a site id.</param>
/// <param name="PlanName">The plan that it goes by; null for none.</param>
/// <param name="Report">What would move, in order, and what would not and why: as the report would begin.</param>
/// <param name="OwedBytes">What is still to be shipped before it, or by force would be lost, as far as is known: at least.</param>
/// <param name="LossSeconds">By force: the age of the oldest state that would be promoted.</param>
/// <param name="EstimatedSeconds">At the rates that the replications had last; null when one that owes has none.</param>
/// <param name="Refusal">Why nothing of it would be done; null when something would.</param>
public sealed record SitePreview(
    string Site, string? PlanName, MoveReport Report, long OwedBytes, double? LossSeconds, double? EstimatedSeconds, Refusal? Refusal);

/// <summary>The operation that moves a site; its result is a <see cref="MoveReport"/>, also while it runs.</summary>
public sealed record SiteTicket(string? OperationId, string Site, SitePreview Preview);

/// <summary>What a move of a site was asked for: the request as it was resolved.</summary>
internal sealed record SiteMoveParameters(string Site, string? ToSite, string? PlanName, bool IsForced, bool Drain, bool IsFailback)
{
    /// <summary>A person takes it on himself that the site is not fenced first.</summary>
    public bool WithoutFence { get; init; }
}

/// <summary>
/// Moves everything of a site by plan. The site that is asked drives it; each group and volume is moved by an operation of its own, where
/// it belongs.
/// </summary>
public sealed class SiteMoves(
    SiteContext site, OperationService operations, RecoveryService recovery, GroupRecovery groups, ReplicationService replications)
{
    private const double SecondsEach = 1;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    /// <summary>What a move would do if it were asked for now. Nothing is changed.</summary>
    public async ValueTask<Outcome<SitePreview>> PreviewAsync(Actor actor, SiteMoveRequest request, CancellationToken cancellationToken)
    {
        var wanted = Resolve(StateView.Of(site.Replica), actor, request);
        return wanted.IsRefused ? wanted.Refusal! : await PreviewAsync(actor, wanted.Value, cancellationToken);
    }

    /// <summary>
    /// Begins the move, or follows the very same one that is under way. What is there already is left alone, so asking again after a
    /// failure goes on with the rest.
    /// </summary>
    public async ValueTask<Outcome<SiteTicket>> MoveAsync(Actor actor, SiteMoveRequest request, CancellationToken cancellationToken)
    {
        var resolved = Resolve(StateView.Of(site.Replica), actor, request);
        if (resolved.IsRefused)
        {
            return resolved.Refusal!;
        }

        var wanted = resolved.Value;
        var preview = await PreviewAsync(actor, wanted, cancellationToken);
        var parameters = FieldValue.Serialize(wanted, PlanJson.Default.SiteMoveParameters);
        if (UnderWay(StateView.Of(site.Replica)) is null)
        {
            if (preview.Report.Volumes.Count == 0)
            {
                return new SiteTicket(null, wanted.Site, preview);
            }

            if (preview.Refusal is { } refusal)
            {
                return refusal;
            }
        }

        var id = await site.DecideAsync(
            actor,
            transaction => UnderWay(StateView.Of(transaction))
                ?? operations.Enqueue(
                    transaction,
                    new OperationRequest(SiteOperations.Move, new EntityKey(EntityKinds.Site, wanted.Site), site.SelfText, parameters) { Deadline = site.Now + Deadline },
                    actor),
            cancellationToken);
        return Outcome<SiteTicket>.Queued(new SiteTicket(id, wanted.Site, preview), id);

        string? UnderWay(StateView state) => OperationEntity.Unfinished(state)
            .FirstOrDefault(o => o.Kind == SiteOperations.Move && o.TargetSite == site.SelfText && !o.CancelRequested && o.Parameters == parameters)?.Id;
    }

    internal async ValueTask<SitePreview> PreviewAsync(Actor actor, SiteMoveParameters wanted, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var plan = (wanted.PlanName is { } name ? RecoveryPlan.Find(state, name) : null) ?? RecoveryPlan.Derived(wanted.Site);
        var lines = new List<MoveLine>();
        foreach (var unit in SiteUnits.Of(state, site, wanted, plan))
        {
            lines.AddRange(unit.WhySkipped is { } skipped
                ? unit.VolumeIds.Select(v => unit.Line(state, v, "") with { State = MoveLine.Skipped, Reason = skipped })
                : unit.GroupId is null ? [await VolumeAsync(state, actor, wanted, unit, cancellationToken)]
                : await GroupAsync(state, actor, wanted, unit, cancellationToken));
        }

        var to = lines.Where(l => !l.IsOver).Select(l => l.ToSite).Distinct().ToList();
        var report = new MoveReport(wanted.IsFailback ? "" : wanted.Site, to is [var only] ? only : "", wanted.IsForced, null, site.Now, null, lines);
        var moving = lines.Where(l => !l.IsOver).ToList();
        var refusal = moving.Count > 0 ? null
            : lines.Count == 0 ? Refusal.State(wanted.IsFailback
                ? $"Nothing whose home is site {new SiteDirectory(site, state).NameOf(wanted.Site)} is primary elsewhere."
                : $"Nothing is primary at site {new SiteDirectory(site, state).NameOf(wanted.Site)}.")
            : Refusal.State($"None of {lines.Count} volumes can be moved: {lines[0].VolumeName ?? lines[0].VolumeId}: {lines[0].Reason}", "Look at the preview for each.");
        return new SitePreview(
            wanted.Site, wanted.PlanName, report, moving.Sum(l => l.OwedBytes ?? 0),
            wanted.IsForced ? moving.Max(l => l.LossSeconds) : 0, Estimate(moving, wanted.IsForced, plan.Parallel), refusal);
    }

    private async ValueTask<MoveLine> VolumeAsync(
        StateView state, Actor actor, SiteMoveParameters wanted, SiteUnit unit, CancellationToken cancellationToken)
    {
        var volumeId = unit.VolumeIds[0];
        var outcome = await recovery.PreviewAsync(
            actor, new FailoverRequest(volumeId, unit.ToSite, wanted.IsForced, wanted.Drain), cancellationToken);
        var refusal = outcome.Refusal ?? outcome.Value.Refusal;
        return refusal is not null
            ? unit.Line(state, volumeId, unit.ToSite ?? "") with { State = MoveLine.Skipped, Reason = refusal.ToString() }
            : unit.Line(state, volumeId, outcome.Value.ToSite) with
            {
                LossSeconds = wanted.IsForced ? outcome.Value.SecondsSinceWhole : 0,
                Loss = outcome.Value.Loss,
                OwedBytes = wanted.IsForced ? outcome.Value.OwedBytesAtLeast : Source(volumeId, outcome.Value.ToSite)?.LagBytes,
            };
    }

    private async ValueTask<IEnumerable<MoveLine>> GroupAsync(
        StateView state, Actor actor, SiteMoveParameters wanted, SiteUnit unit, CancellationToken cancellationToken)
    {
        var outcome = await groups.PreviewAsync(
            actor, new GroupMoveRequest(unit.GroupId!, unit.ToSite, wanted.IsForced, wanted.Drain), cancellationToken);
        var refusal = outcome.Refusal ?? outcome.Value.Refusal;
        return unit.VolumeIds.Select(v => refusal is not null
            ? unit.Line(state, v, unit.ToSite ?? "") with { State = MoveLine.Skipped, Reason = refusal.ToString() }
            : unit.Line(state, v, outcome.Value.ToSite) with
            {
                LossSeconds = wanted.IsForced ? outcome.Value.SecondsSinceCut : 0,
                Loss = outcome.Value.Loss,
                OwedBytes = wanted.IsForced
                    ? outcome.Value.Members.FirstOrDefault(m => m.VolumeId == v)?.OwedBytesAtLeast
                    : Source(v, outcome.Value.ToSite)?.LagBytes,
            });
    }

    private SourceStatus? Source(string volumeId, string toSite) =>
        replications.List(Actor.System("recovery"), volumeId).FirstOrDefault(r => r.TargetSite == toSite)?.Source;

    /// <summary>What is owed at the rate of each volume's last transfer, and a second for each turn of those that move side by side.</summary>
    private double? Estimate(List<MoveLine> moving, bool isForced, int parallel)
    {
        var seconds = 0.0;
        foreach (var line in moving.Where(l => !isForced && l.OwedBytes > 0))
        {
            if (Source(line.VolumeId, line.ToSite) is not { } source
                || (source.Transfer?.BytesPerSecond is > 0 and var now ? now : Rate(source.LastTransfer)) is not { } rate)
            {
                return null;
            }

            seconds += line.OwedBytes!.Value / rate;
        }

        var units = moving.Select(l => l.GroupId ?? l.VolumeId).Distinct().Count();
        return (seconds / parallel) + (SecondsEach * Math.Ceiling(units / (double)parallel));
    }

    private static double? Rate(TransferStatus? last) =>
        last is { EndedAt: { } ended } && ended > last.StartedAt && last.MovedBytes > 0 ? last.MovedBytes / (ended - last.StartedAt).TotalSeconds : null;

    private Outcome<SiteMoveParameters> Resolve(StateView state, Actor actor, SiteMoveRequest request)
    {
        if (!actor.IsAdmin)
        {
            return new Refusal(RefusalKind.NotAllowed, "Sites are failed over by administrators.");
        }

        var names = new SiteDirectory(site, state);
        var from = names.Resolve(request.Site);
        if (from.IsRefused)
        {
            return Refusal.NotFound("site", request.Site);
        }

        if (request.IsFailback && (request.IsForced || request.ToSite is not null))
        {
            return Refusal.Invalid(
                request.IsForced ? "force" : "to", "A failback brings everything home, planned.", "To move it elsewhere, or by force, fail over the site that has it.");
        }

        string? to = null;
        if (request.PlanName is { } name)
        {
            if (RecoveryPlan.Find(state, name) is not { } plan)
            {
                return Refusal.NotFound("plan", name);
            }

            if (RecoveryPlan.InConflict(state, name) is { } inDoubt)
            {
                return inDoubt;
            }

            if (plan.Site != from.Value)
            {
                return Refusal.Invalid("plan", $"Plan {name} is for site {names.NameOf(plan.Site)}, not for {names.NameOf(from.Value)}.");
            }

            to = request.IsFailback ? null : plan.ToSite;
        }

        if (request.ToSite is { } named)
        {
            var resolved = names.Resolve(named);
            if (resolved.IsRefused)
            {
                return resolved.Refusal! with { Field = "to" };
            }

            to = resolved.Value;
        }

        return to == from.Value
            ? Refusal.Invalid("to", "A failover moves volumes away from the site, not to it.")
            : new SiteMoveParameters(from.Value, to, request.PlanName, request.IsForced, request.Drain, request.IsFailback) { WithoutFence = request.WithoutFence };
    }
}
