using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Groups;

/// <summary>A failover of a group that is only tried: a clone of each member's replica, all at one cut, each under an id of its own.</summary>
/// <param name="Id">UUID with dashes.</param>
/// <param name="GroupId">The group that it is a drill of.</param>
/// <param name="GroupName">That group's name when it was asked for.</param>
/// <param name="Site">Where it runs, as a site id.</param>
/// <param name="Asked">The cut that was asked for; null for the newest.</param>
/// <param name="Cut">The cut that the clones are of; null before it is chosen.</param>
/// <param name="StartedAt">When it was asked for.</param>
/// <param name="EndsAt">When it is dropped by itself.</param>
/// <param name="MadeBy">Who asked.</param>
/// <param name="Members">A drill of each volume, by volume id; what is connected to.</param>
public sealed record GroupDrill(
    string Id, string GroupId, string GroupName, string Site, Cut? Asked, Cut? Cut, DateTimeOffset StartedAt, DateTimeOffset EndsAt, string MadeBy,
    IReadOnlyList<Drill> Members)
{
    internal const string CutField = "cut_id";

    /// <summary>A word of <see cref="VolumeStatus"/>: never better than the worst of the members.</summary>
    public string Status =>
        Members.FirstOrDefault(m => m.Reason is not null)?.Status ?? Members.FirstOrDefault(m => m.Status != VolumeStatus.Available)?.Status ?? VolumeStatus.Available;

    /// <summary>Why it is in error.</summary>
    public string? Reason => Members.Select(m => m.Reason).FirstOrDefault(r => r is not null);

    internal static EntityKey Key(string id) => new(EntityKinds.GroupDrill, id);

    internal static IEnumerable<GroupDrill> All(StateView state) => state.List(EntityKinds.GroupDrill).Select(e => Read(state, e));

    internal static GroupDrill? Find(StateView state, string id) => state.Find(EntityKinds.GroupDrill, id) is { } entity ? Read(state, entity) : null;

    /// <summary>Cuts of a group that drills are being made of.</summary>
    internal static IReadOnlyCollection<Cut> Pinned(StateView state, string groupId) =>
    [
        .. All(state)
            .Where(d => d.GroupId == groupId && OperationEntity.Unfinished(state).Any(o => o.Entity == Key(d.Id)))
            .Select(d => d.Asked ?? d.Cut)
            .OfType<Cut>(),
    ];

    internal void Write(ITransaction transaction)
    {
        var key = Key(Id);
        transaction.Set(key, "group_id", GroupId);
        transaction.Set(key, "group_name", GroupName);
        transaction.Set(key, "site", Site);
        transaction.Set(key, "asked_cut_id", Asked?.Id);
        transaction.Set(key, "created_at", StartedAt);
        transaction.Set(key, Drill.EndsAtField, EndsAt);
        transaction.Set(key, Drill.MadeByField, MadeBy);
    }

    private static GroupDrill Read(StateView state, Entity entity) => new(
        entity.Id,
        entity.Text("group_id", ""),
        entity.Text("group_name", ""),
        entity.Text("site", ""),
        Groups.Cut.Parse(entity.Text("asked_cut_id", "")),
        Groups.Cut.Parse(entity.Text(CutField, "")),
        entity.Instant("created_at") ?? entity.CreatedStamp.Time,
        entity.Instant(Drill.EndsAtField) ?? DateTimeOffset.MaxValue,
        entity.Text(Drill.MadeByField, ""),
        [
            .. Drill.All(state)
                .Where(v => v.Text(Drill.GroupDrillField) == entity.Id)
                .Select(v => Drill.Read(state, v))
                .OrderBy(d => d.VolumeId, StringComparer.Ordinal),
        ]);
}

/// <summary>A wish for a drill of a group.</summary>
/// <param name="GroupId">The group, by name or id.</param>
/// <param name="CutId">A cut that all its replicas keep; null for the newest.</param>
/// <param name="LimitSeconds">After how long it is dropped by itself; null for a day, at most 30.</param>
public sealed record StartGroupDrillRequest(string GroupId, string? CutId = null, long? LimitSeconds = null);
