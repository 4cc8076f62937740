using System.Globalization;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Groups;

/// <summary>What administrators do with a group's primary. All members move, as one operation at the site that carries it out.</summary>
public sealed class GroupRecovery(
    SiteContext site, OperationService operations, RecoveryService recovery, GroupService groups)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    /// <summary>What a failover of the group would do if it were asked for now.</summary>
    public async ValueTask<Outcome<GroupPreview>> PreviewAsync(Actor actor, GroupMoveRequest request, CancellationToken cancellationToken)
    {
        var move = Resolve(actor, request, toHome: false);
        return move.IsRefused ? move.Refusal! : await PreviewAsync(actor, move.Value, request, cancellationToken);
    }

    /// <summary>Planned: hands all members over; forced: returns all replicas to the group's recovery point and promotes them.</summary>
    public ValueTask<Outcome<GroupTicket>> FailoverAsync(Actor actor, GroupMoveRequest request, CancellationToken cancellationToken) =>
        MoveAsync(actor, request, toHome: false, cancellationToken);

    /// <summary>A planned failover of all members to their home.</summary>
    public ValueTask<Outcome<GroupTicket>> FailbackAsync(Actor actor, GroupMoveRequest request, CancellationToken cancellationToken) =>
        MoveAsync(actor, request, toHome: true, cancellationToken);

    /// <summary>
    /// Asks the primaries' site to undo the planned move that is under way; it does, until the generations are written. What was aborted
    /// already stays so.
    /// </summary>
    public async ValueTask<Outcome<Operation>> AbortAsync(Actor actor, string groupId, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var found = GroupService.Find(state, actor, groupId);
        if (found.IsRefused)
        {
            return found.Refusal!;
        }

        var last = state.List(EntityKinds.Operation)
            .Where(e => e.Text("kind") == GroupOperations.HandOver)
            .Select(OperationEntity.Read)
            .Where(o => o.Entity == Group.Key(found.Value.Id))
            .OrderBy(o => o.MadeAt).ThenBy(o => o.Id, StringComparer.Ordinal)
            .LastOrDefault();
        if (last is null or { Status: not OperationStatus.Cancelled, IsFinished: true })
        {
            return Refusal.State(
                $"No planned failover of group {found.Value.Name} is under way.",
                last?.Reason is { } why ? $"The last one ended by itself: {why}" : last is null ? null : "Fail back, if the primaries are to return.");
        }

        if (last.Status == OperationStatus.Cancelled)
        {
            return last;
        }

        var cancelled = await operations.CancelAsync(actor, last.Id, cancellationToken);
        return cancelled.IsRefused ? cancelled.Refusal! : Outcome<Operation>.Queued(cancelled.Value, last.Id);
    }

    private async ValueTask<Outcome<GroupTicket>> MoveAsync(
        Actor actor, GroupMoveRequest request, bool toHome, CancellationToken cancellationToken)
    {
        var resolved = Resolve(actor, request, toHome);
        if (resolved.IsRefused)
        {
            return resolved.Refusal!;
        }

        var (group, members, from, to) = resolved.Value;
        var preview = await PreviewAsync(actor, resolved.Value, request, cancellationToken);
        if (members.All(m => m.PrimarySite == to))
        {
            return new GroupTicket(null, group.Id, to, preview);
        }

        var (kind, at) = request.IsForced ? (GroupOperations.Promote, to) : (GroupOperations.HandOver, from);
        var parameters = FieldValue.Serialize(
            new GroupMoveParameters(to, request.Drain, request.AllowMissing) { CutId = request.CutId, WithoutFence = request.WithoutFence },
            GroupJson.Default.GroupMoveParameters);
        if (Find(StateView.Of(site.Replica)) is null && preview.Refusal is { } refusal)
        {
            return refusal;
        }

        var id = await site.DecideAsync(
            actor,
            transaction => Find(StateView.Of(transaction))
                ?? operations.Enqueue(
                    transaction, new OperationRequest(kind, Group.Key(group.Id), at, parameters) { Deadline = site.Now + Deadline }, actor),
            cancellationToken);
        return Outcome<GroupTicket>.Queued(new GroupTicket(id, group.Id, at, preview), id);

        // The very same move, asked for before and not over: who asks again follows that one.
        string? Find(StateView state) => OperationEntity.Unfinished(state)
            .FirstOrDefault(o => o.Kind == kind && o.Entity == Group.Key(group.Id) && o.TargetSite == at && !o.CancelRequested && o.Parameters == parameters)?.Id;
    }

    private async ValueTask<GroupPreview> PreviewAsync(Actor actor, Move move, GroupMoveRequest request, CancellationToken cancellationToken)
    {
        var (group, members, from, to) = move;
        var previews = new List<FailoverPreview>();
        Refusal? refusal = null;
        foreach (var member in members.Where(m => m.PrimarySite != to))
        {
            var preview = await recovery.PreviewAsync(
                actor, new FailoverRequest(member.VolumeId, to, request.IsForced, request.Drain), cancellationToken);
            refusal ??= preview.IsRefused ? preview.Refusal : preview.Value.Refusal;
            if (!preview.IsRefused)
            {
                previews.Add(preview.Value);
            }
        }

        if (previews.Count == 0 && refusal is null)
        {
            return new GroupPreview(
                group.Id, to, to, request.IsForced, null, 0, 0, [], null,
                $"Nothing is to be done: site {new SiteDirectory(site, StateView.Of(site.Replica)).NameOf(to)} is the primary of all volumes of group {group.Name}.");
        }

        if (!request.IsForced)
        {
            return new GroupPreview(
                group.Id, from, to, false, null, 0, 0, previews, refusal,
                "Nothing is lost: the primaries stop first, and their last writes are waited for.");
        }

        var view = await groups.ShowAsync(actor, group.Id, cancellationToken);
        var asked = request.CutId is { } text ? Cut.Parse(text) : null;
        var point = view.IsRefused ? null : asked ?? view.Value.RecoveryPoint;

        // Of the members' bounds the longest holds for all.
        var ahead = previews.Count > 0 ? previews.Min(p => p.ClockAhead) : TimeSpan.Zero;
        var seconds = point is { } cut ? Math.Max(0, (site.Now - (cut.TakenAt + ahead)).TotalSeconds) : (double?)null;
        if (point is null && refusal is null && !request.AllowMissing && members.All(m => m.PrimarySite != to))
        {
            refusal = Refusal.State(
                $"Group {group.Name} has no recovery point: {view.Value.PointReason}",
                "Wait for one, or allow members without it to be promoted as they are: then the volumes are of different instants.");
        }

        if (asked is { } named && refusal is null && members.All(m => m.PrimarySite != to) && !view.Value.RecoveryPoints.Contains(named))
        {
            refusal = Refusal.State(
                $"Not all replicas of group {group.Name} keep cut {named}.",
                view.Value.RecoveryPoints.Count == 0 ? "They keep none." : $"They keep {string.Join(", ", view.Value.RecoveryPoints)}; name one of these, or none for the newest.");
        }

        var owed = previews.All(p => p.OwedBytesAtLeast is not null) ? previews.Sum(p => p.OwedBytesAtLeast) : null;
        var loss = point is { } at
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"All volumes return to one instant, cut {at} of {at.TakenAt + ahead:yyyy-MM-dd HH:mm:ss.fff}Z, {seconds:0.0} s ago; what was written to any of them since is lost")
            : "There is no instant that all volumes have; each goes on from what it has, and what they have is of different instants";
        return new GroupPreview(
            group.Id, from, to, true, point, seconds, owed, previews, refusal,
            loss + (owed is { } bytes ? $"; at least {bytes} bytes were owed when the primaries were last heard." : "; how much the primaries owed is not known."));
    }

    private Outcome<Move> Resolve(Actor actor, GroupMoveRequest request, bool toHome)
    {
        var state = StateView.Of(site.Replica);
        var found = GroupService.Find(state, actor, request.GroupId);
        if (found.IsRefused)
        {
            return found.Refusal!;
        }

        if (request.CutId is { } cut && (Cut.Parse(cut) is null || !request.IsForced))
        {
            return Refusal.Invalid(
                "cut_id", request.IsForced ? $"{cut} is no cut." : "A planned move loses nothing, and returns to no cut.",
                request.IsForced ? "Name one of the group's recovery points by its cut_id, or none for the newest." : null);
        }

        if (request.IsForced && toHome)
        {
            return Refusal.Invalid("force", "A failback is planned; a group whose primaries are lost is failed over by force.");
        }

        var standing = GroupStanding.Of(state, found.Value);
        if (standing.Members.Count == 0)
        {
            return Refusal.State($"Group {found.Value.Name} has no volumes.", "Add some first.");
        }

        if (standing.Members.FirstOrDefault(m => m.Relation is null) is { } alone)
        {
            return Refusal.State($"Volume {alone.VolumeId} of group {found.Value.Name} is not replicated with it.", "Replicate the group again.");
        }

        string? to;
        if (request.ToSite is { } named)
        {
            var resolved = new SiteDirectory(site, state).Resolve(named);
            if (resolved.IsRefused)
            {
                return resolved.Refusal! with { Field = "to_site" };
            }

            to = resolved.Value;
        }
        else
        {
            // Of a group that stands apart the rest goes where its last move was going.
            to = toHome ? standing.HomeSite
                : (request.IsForced ? recovery.PromotedAt(state, standing.Members.Select(m => m.VolumeId)) : null)
                    ?? standing.ReplicaSite ?? LastTarget(state, found.Value.Id);
        }

        if (to is null)
        {
            return Refusal.Invalid("to_site", $"The volumes of group {found.Value.Name} are not all at one site.", "Name the site that they are to be primary at.");
        }

        if (standing.Members.FirstOrDefault(m => m.Relation!.BackendAt(to) is null) is { } missing)
        {
            var names = new SiteDirectory(site, state);
            return Refusal.State(
                $"Group {found.Value.Name} is not replicated to site {names.NameOf(to)}: volume {missing.VolumeId} goes with it between {names.NameOf(missing.Relation!.HomeSite)} and {names.NameOf(missing.Relation.OtherSite)}.",
                "Name one of these. A copy that a volume has elsewhere is promoted by itself, at an instant of its own.");
        }

        var away = standing.Members.Where(m => m.PrimarySite != to).Select(m => m.Primary?.Current.Site ?? "").Distinct().ToList();
        return away.Count > 1 && !request.IsForced
            ? Refusal.State(
                $"The volumes of group {found.Value.Name} are primary at several sites besides that one.", "Move those apart one by one.")
            : new Move(found.Value, standing.Members, away is [var only] ? only : "", to);
    }

    private static string? LastTarget(StateView state, string groupId) =>
        state.List(EntityKinds.Operation)
            .Where(e => e.Text("entity") == Group.Key(groupId).ToString())
            .Select(OperationEntity.Read)
            .OrderByDescending(o => o.MadeAt)
            .Select(o => o.Parameters.Deserialize(GroupJson.Default.GroupMoveParameters)?.ToSite)
            .FirstOrDefault();

    private sealed record Move(Group Group, IReadOnlyList<Member> Members, string FromSite, string ToSite);
}
