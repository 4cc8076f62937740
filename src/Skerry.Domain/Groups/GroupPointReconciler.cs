using Skerry.Domain.Replication;
using Skerry.State.Merging;

namespace Skerry.Domain.Groups;

/// <summary>Says which cut all replicas of a group have, where they are, and drops the states that no recovery needs any more.</summary>
/// <remarks>
/// Nothing is dropped of a group of which only some members are replicas here: a recovery of it is under way, or was broken off, and
/// goes on from what the others keep.
/// </remarks>
public sealed class GroupPointReconciler(SiteContext site, IEnumerable<IMarkKeeper> keepers) : IReconciler
{
    private static readonly Actor Self = Actor.System("group points");
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StrayPace = TimeSpan.FromMinutes(1);

    private readonly GroupMarks _marks = new([.. keepers]);
    private readonly StatusPace<PointStatus> _pace = new(site.Time);
    private long? _straysAt;

    public string Name => "group-points";

    public IReadOnlyCollection<string> Kinds { get; } =
        [EntityKinds.Group, EntityKinds.GroupMember, EntityKinds.Replication, EntityKinds.Generation];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var any = false;
        foreach (var group in Group.All(state).Where(g => g.TargetSite is not null))
        {
            var members = GroupStanding.Of(state, group).Members;
            if (members.Count == 0 || members.All(m => m.PrimarySite != site.SelfText && !IsReplicaHere(m)))
            {
                continue;
            }

            any = true;
            if (members.All(m => m.PrimarySite == site.SelfText))
            {
                await DropAllAsync(members.Select(m => m.VolumeId), cancellationToken);
            }
            else if (members.All(IsReplicaHere))
            {
                await JudgeAsync(group, members, cancellationToken);
            }
        }

        if (_straysAt is not { } at || site.Time.GetElapsedTime(at) >= StrayPace)
        {
            _straysAt = site.Time.GetTimestamp();
            await DropAllAsync(
                Relation.All(state)
                    .Where(r => r.BackendAt(site.SelfText) is not null && GroupMembers.GroupOf(state, r.VolumeId) is null)
                    .Select(r => r.VolumeId),
                cancellationToken);
        }

        return StepResult.After(any ? Pace : StrayPace);
    }

    private bool IsReplicaHere(Member member) =>
        member.Primary is { } primary && member.Relation is { } relation && primary.Current.Site != site.SelfText
        && (member.PrimarySite is { } at ? relation.ReplicaOf(at).Site == site.SelfText : relation.BackendAt(site.SelfText) is not null);

    private async ValueTask DropAllAsync(IEnumerable<string> volumeIds, CancellationToken cancellationToken)
    {
        foreach (var volumeId in volumeIds)
        {
            if (await _marks.ListAsync(volumeId, cancellationToken) is { Count: > 0 } marks)
            {
                await _marks.DropAsync(volumeId, [.. marks.Select(m => m.Cut)], cancellationToken);
            }
        }
    }

    private async ValueTask JudgeAsync(Group group, IReadOnlyList<Member> members, CancellationToken cancellationToken)
    {
        var point = GroupPoint.Of(
            await _marks.OfAsync(members.Select(m => m.VolumeId), cancellationToken), GroupDrill.Pinned(StateView.Of(site.Replica), group.Id));
        foreach (var (volumeId, cuts) in point.Drop)
        {
            await _marks.DropAsync(volumeId, cuts, cancellationToken);
        }

        var status = new PointStatus(
            site.Now,
            point.Newest?.Id,
            point.Newest is not null ? null
                : point.Lacking is { } lacking ? $"Volume {lacking} has received no cut yet."
                : "No cut has reached all members yet.")
        {
            Kept = [.. point.Kept.Select(c => c.Id)],
            ClockAheadMilliseconds = point.ClockAhead is { } ahead ? (long)Math.Floor(ahead.TotalMilliseconds) : null,
        };
        var isNews = group.Point is null || (group.Point.CutId is null) != (status.CutId is null) || group.Point.Reason != status.Reason;
        if (!_pace.IsDue(group.Id, isNews, isMoving: group.Point?.CutId != status.CutId && group.Point?.At < site.Now - TimeSpan.FromSeconds(10)))
        {
            return;
        }

        var value = FieldValue.Serialize(status, GroupJson.Default.PointStatus);
        await _pace.WriteAsync(
            site, Self, isNews,
            transaction =>
            {
                if (Group.Find(StateView.Of(transaction), group.Id) is not null)
                {
                    transaction.Set(Group.Key(group.Id), "point_status", value, DomainSchema.OwnerRank);
                }
            },
            cancellationToken);
    }
}

/// <summary>What the copies here keep, whoever keeps them.</summary>
internal sealed class GroupMarks(IReadOnlyList<IMarkKeeper> keepers)
{
    /// <summary>Null when this site has no copy of the volume.</summary>
    public async ValueTask<IReadOnlyList<KeptMark>?> ListAsync(string volumeId, CancellationToken cancellationToken)
    {
        foreach (var keeper in keepers)
        {
            if (await keeper.ListAsync(volumeId, cancellationToken) is { } marks)
            {
                return marks;
            }
        }

        return null;
    }

    /// <summary>For each volume what its copy here keeps; a missing copy keeps nothing.</summary>
    public async ValueTask<IReadOnlyDictionary<string, IReadOnlyList<KeptMark>>> OfAsync(
        IEnumerable<string> volumeIds, CancellationToken cancellationToken)
    {
        var marks = new Dictionary<string, IReadOnlyList<KeptMark>>(StringComparer.Ordinal);
        foreach (var volumeId in volumeIds)
        {
            marks[volumeId] = await ListAsync(volumeId, cancellationToken) ?? [];
        }

        return marks;
    }

    public async ValueTask DropAsync(string volumeId, IReadOnlyCollection<Cut> cuts, CancellationToken cancellationToken)
    {
        foreach (var keeper in keepers)
        {
            await keeper.DropAsync(volumeId, cuts, cancellationToken);
        }
    }

    /// <summary>False when no copy here keeps such a state.</summary>
    public async ValueTask<bool> CloneAsync(string volumeId, Cut cut, string cloneId, CancellationToken cancellationToken)
    {
        foreach (var keeper in keepers)
        {
            if (await keeper.CloneAsync(volumeId, cut, cloneId, cancellationToken))
            {
                return true;
            }
        }

        return false;
    }

    public async ValueTask<ReplicaHold?> ReturnAsync(string volumeId, Cut cut, CancellationToken cancellationToken)
    {
        foreach (var keeper in keepers)
        {
            if (await keeper.ListAsync(volumeId, cancellationToken) is not null)
            {
                return await keeper.ReturnAsync(volumeId, cut, cancellationToken);
            }
        }

        return null;
    }
}
