using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Recovery;

/// <summary>A failover that is only tried: a clone of a replica's newest state that takes writes, under an id of its own.</summary>
/// <param name="Id">The clone's volume id: what is connected to.</param>
/// <param name="VolumeId">The volume that it is a drill of.</param>
/// <param name="VolumeName">That volume's name.</param>
/// <param name="Site">Where it runs, as a site id.</param>
/// <param name="Status">The clone's status, a word of <see cref="VolumeStatus"/>.</param>
/// <param name="Reason">Why it is in error.</param>
/// <param name="RecoveryPoint">The state that it began with, or an earlier one, with its time; null before it was made, or when not known.</param>
/// <param name="Number">The last write in that state.</param>
/// <param name="StartedAt">When it was asked for.</param>
/// <param name="EndsAt">When it is dropped by itself.</param>
/// <param name="MadeBy">Who asked.</param>
public sealed record Drill(
    string Id,
    string VolumeId,
    string? VolumeName,
    string Site,
    string Status,
    string? Reason,
    RecoveryPoint? RecoveryPoint,
    long? Number,
    DateTimeOffset StartedAt,
    DateTimeOffset EndsAt,
    string MadeBy)
{
    internal const string EndsAtField = "drill_ends_at";
    internal const string PointField = "drill_recovery_point";
    internal const string NumberField = "drill_number";
    internal const string MadeByField = "drill_made_by";

    internal static IEnumerable<Entity> All(StateView state) =>
        state.List(EntityKinds.Volume).Where(v => v.Text(VolumeEntity.DrillOf) is not null);

    internal static Drill Read(StateView state, Entity entity)
    {
        var of = entity.Text(VolumeEntity.DrillOf, "");
        return new Drill(
            entity.Id, of, state.Find(EntityKinds.Volume, of)?.Text("name"), entity.Text("site", ""),
            entity.Text(VolumeEntity.Status, VolumeStatus.Creating), entity.Text(VolumeEntity.ErrorReason),
            entity.Json(PointField, RecoveryJson.Default.RecoveryPoint), entity.Integer(NumberField),
            entity.Instant("created_at") ?? entity.CreatedStamp.Time, entity.Instant(EndsAtField) ?? DateTimeOffset.MaxValue,
            entity.Text(MadeByField, ""));
    }
}

/// <summary>A wish for a drill.</summary>
/// <param name="VolumeId">The replicated volume.</param>
/// <param name="Site">The site whose replica is meant, by name or id; null for the only one.</param>
/// <param name="LimitSeconds">After how long it is dropped by itself; null for a day, at most 30.</param>
public sealed record StartDrillRequest(string VolumeId, string? Site = null, long? LimitSeconds = null);

/// <summary>What a drill's operation was asked for.</summary>
/// <param name="VolumeId">The volume that it is a drill of.</param>
internal sealed record DrillParameters(string VolumeId);
