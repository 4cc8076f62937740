using System.Diagnostics.Metrics;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Groups;

/// <summary>Bounds of cuts.</summary>
public sealed class GroupOptions
{
    /// <summary>For how long a cut may hold the members' writes before it is given up, by default 50 ms.</summary>
    public TimeSpan HoldLimit { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How soon a cut that could not be taken is tried again, by default 1 s, or the group's own interval when that is shorter.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>Cuts the groups whose members are primary here: at their interval, or for each run.</summary>
public sealed class GroupCutReconciler(SiteContext site, VolumeDrivers drivers, IEnumerable<IGroupCutter> cutters, GroupCuts cuts, GroupOptions options)
    : IReconciler, IDisposable
{
    private static readonly Actor Self = Actor.System("group cuts");

    private readonly IReadOnlyList<IGroupCutter> _cutters = [.. cutters];
    private readonly StatusPace<CutStatus> _pace = new(site.Time);
    private readonly Dictionary<string, long> _triedAt = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CutStatus> _last = new(StringComparer.Ordinal);
    private readonly Meter _meter = new("Skerry.Domain");
    private Histogram<double>? _held;

    public string Name => "group-cuts";

    public IReadOnlyCollection<string> Kinds { get; } =
        [EntityKinds.Group, EntityKinds.GroupMember, EntityKinds.Replication, EntityKinds.Generation, EntityKinds.Volume];

    public void Dispose() => _meter.Dispose();

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        TimeSpan? again = null;
        foreach (var group in Group.All(state).Where(g => g.TargetSite is not null))
        {
            var standing = GroupStanding.Of(state, group);
            if (!standing.Members.Any(m => m.PrimarySite == site.SelfText))
            {
                _triedAt.Remove(group.Id);
                _last.Remove(group.Id);
                continue;
            }

            var left = await CutAsync(standing, cancellationToken);
            again = again is { } sooner && sooner < left ? sooner : left;
        }

        return again is { } wait ? StepResult.After(wait) : StepResult.Done;
    }

    /// <summary>Cuts the group when it is time; answers when to look again.</summary>
    private async ValueTask<TimeSpan> CutAsync(GroupStanding standing, CancellationToken cancellationToken)
    {
        var group = standing.Group;
        var interval = group.Mode == ReplicationModes.Instant ? TimeSpan.FromSeconds(group.CutIntervalSeconds) : TimeSpan.Zero;
        var pause = interval > TimeSpan.Zero && interval < options.RetryAfter ? interval : options.RetryAfter;
        var since = _triedAt.TryGetValue(group.Id, out var at) ? site.Time.GetElapsedTime(at) : (TimeSpan?)null;
        var due = _last.TryGetValue(group.Id, out var last) && last.Reason is null ? (interval > TimeSpan.Zero ? interval : pause) : pause;
        if (since < due)
        {
            return due - since.Value;
        }

        _triedAt[group.Id] = site.Time.GetTimestamp();
        var (cutter, reason) = Ready(standing);
        if (cutter is null)
        {
            await NoteAsync(group, null, CutResult.Refused(reason!), cancellationToken);
            return pause;
        }

        if (group.Mode == ReplicationModes.Instant)
        {
            var cut = Cut.New(site.Now, site.Ids.NewUuid());
            var result = cutter.Mark(Order(standing, cut));
            await NoteAsync(group, cut, result, cancellationToken);
            return result.IsTaken ? interval : pause;
        }

        await CutForRunAsync(standing, cutter, cancellationToken);
        return pause;
    }

    /// <summary>A run of any member is a run of the group: its cut is taken first, and then all that are due ship it.</summary>
    private async ValueTask CutForRunAsync(GroupStanding standing, IGroupCutter cutter, CancellationToken cancellationToken)
    {
        var group = standing.Group;
        if (!cuts.IsKnown)
        {
            return;
        }

        var run = cuts.Latest(standing.Members.Select(m => m.Relation!.Id));
        if (run is null)
        {
            // All have shipped it, or gave it up.
            foreach (var member in standing.Members)
            {
                await cutter.DropSnapshotsAsync(member.VolumeId, null, cancellationToken);
            }

            return;
        }

        if (group.Shipped?.Run >= run)
        {
            return;
        }

        var cut = Cut.New(site.Now, site.Ids.NewUuid());
        var kept = await RunSnapshot.PrepareAsync(site, Self, standing.Members.Select(m => m.Relation!), run.Value, cut, cancellationToken);
        var result = await cutter.SnapshotAsync(Order(standing, cut) with { Kept = kept }, cancellationToken);
        if (!result.IsTaken)
        {
            await RunSnapshot.ForgetAsync(site, Self, kept, cancellationToken);
        }
        else
        {
            var shipped = FieldValue.Serialize(new ShippedCut(cut.Id, run.Value) { Site = site.SelfText }, GroupJson.Default.ShippedCut);
            await site.DecideAsync(
                Self,
                transaction =>
                {
                    if (Group.Find(StateView.Of(transaction), group.Id) is not null)
                    {
                        transaction.Set(Group.Key(group.Id), "shipped_cut", shipped, DomainSchema.OwnerRank);
                    }

                    return default(Unit);
                },
                cancellationToken);
        }

        foreach (var member in standing.Members)
        {
            // What an earlier cut left, and what one that was not completed did.
            await cutter.DropSnapshotsAsync(
                member.VolumeId, result.IsTaken ? cut : Cut.Parse(group.Shipped?.CutId ?? ""), cancellationToken);
        }

        await NoteAsync(group, cut, result, cancellationToken);
    }

    private CutOrder Order(GroupStanding standing, Cut cut) =>
        new(cut, [.. standing.Members.Select(m => (m.VolumeId, m.Relation!.Id))], options.HoldLimit);

    /// <summary>Who cuts the group, or why it cannot be cut now.</summary>
    private (IGroupCutter? Cutter, string? Reason) Ready(GroupStanding standing)
    {
        if (standing.PrimarySite != site.SelfText)
        {
            return (null, "Its members are not all primary at one site. Fail over or back those that stand apart.");
        }

        foreach (var member in standing.Members)
        {
            if (member.Relation is null)
            {
                return (null, $"Volume {member.VolumeId} is not replicated with it. Replicate the group again.");
            }

            if (member.Relation.IsPaused)
            {
                return (null, $"The replication of volume {member.VolumeId} is paused. Resume it.");
            }
        }

        var kinds = standing.Members.Select(m => drivers.Holding(m.VolumeId)?.DriverName).Distinct().ToList();
        return kinds is [{ } kind] && _cutters.FirstOrDefault(c => c.Driver == kind) is { } cutter
            ? (cutter, null)
            : (null, "Its members are not all held by backends that can be cut together.");
    }

    private async ValueTask NoteAsync(Group group, Cut? cut, CutResult result, CancellationToken cancellationToken)
    {
        var last = _last.GetValueOrDefault(group.Id) ?? group.Cuts;
        var status = result.Held is { } held
            ? new CutStatus(site.Now, cut!.Value.Id, (long)held.TotalMicroseconds, result.Reason)
            : new CutStatus(site.Now, last?.CutId, last?.HeldMicroseconds, result.Reason);
        _last[group.Id] = status;
        if (result.Held is { } hold)
        {
            (_held ??= _meter.CreateHistogram<double>(
                "skerry.group.cut.held", "s", "For how long a cut held the writes of a group's members.")).Record(hold.TotalSeconds);
        }

        var isNews = group.Cuts is null || group.Cuts.Reason != status.Reason || group.Cuts.CutId is null != status.CutId is null;
        if (!_pace.IsDue(group.Id, isNews, isMoving: false))
        {
            return;
        }

        var value = FieldValue.Serialize(status, GroupJson.Default.CutStatus);
        await _pace.WriteAsync(
            site, Self, isNews,
            transaction =>
            {
                if (Group.Find(StateView.Of(transaction), group.Id) is not null)
                {
                    transaction.Set(Group.Key(group.Id), "cut_status", value, DomainSchema.OwnerRank);
                }
            },
            cancellationToken);
    }
}
