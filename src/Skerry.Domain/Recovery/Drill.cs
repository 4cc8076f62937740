using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State;
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
    internal const string GroupDrillField = "drill_group";

    private static readonly TimeSpan DefaultLimit = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestLimit = TimeSpan.FromDays(30);

    /// <summary>The drill of a group that it is part of, and is dropped with; null when it is one of its own.</summary>
    public string? GroupDrillId { get; init; }

    /// <summary>How long a drill lasts that was asked for so many seconds; null for the default.</summary>
    internal static Outcome<TimeSpan> Limit(long? seconds) =>
        seconds is not { } asked ? DefaultLimit
        : asked >= 1 && asked <= LongestLimit.TotalSeconds ? TimeSpan.FromSeconds(asked)
        : Refusal.Invalid("limit_seconds", $"A drill cannot last {asked} seconds.", $"Give 1 to {(long)LongestLimit.TotalSeconds}.");

    /// <summary>The clone as a volume that is about to be made.</summary>
    internal static void Write(
        ITransaction transaction, string id, Entity like, string atSite, DateTimeOffset startedAt, DateTimeOffset endsAt, Actor actor,
        string? groupDrillId = null)
    {
        var key = VolumeEntity.Key(id);
        foreach (var field in (ReadOnlySpan<string>)["project_id", "user_id", "type", VolumeEntity.SizeGib, VolumeEntity.Encrypted])
        {
            if (like.TryGet(field, out var value))
            {
                transaction.Set(key, field, value);
            }
        }

        transaction.Set(key, "name", $"drill of {like.Text("name", like.Id)}");
        transaction.Set(key, "site", atSite);
        transaction.Set(key, "created_at", startedAt);
        transaction.Set(key, VolumeEntity.DrillOf, like.Id);
        transaction.Set(key, EndsAtField, endsAt);
        transaction.Set(key, MadeByField, actor.Name);
        if (groupDrillId is not null)
        {
            transaction.Set(key, GroupDrillField, groupDrillId);
        }
    }

    /// <summary>The clone takes writes, in a line of its own.</summary>
    internal static void Opened(ITransaction transaction, Generation generation, string backend, long number, RecoveryPoint? point)
    {
        var key = VolumeEntity.Key(generation.VolumeId);
        Generations.Write(transaction, generation);
        transaction.Set(key, VolumeEntity.Backend, FieldValue.FromString(backend), DomainSchema.OwnerRank);
        transaction.Set(key, NumberField, FieldValue.From(number));
        if (point is not null)
        {
            transaction.Set(key, PointField, FieldValue.Serialize(point, RecoveryJson.Default.RecoveryPoint));
        }

        VolumeEntity.WriteStatus(transaction, key, VolumeStatus.Available, null);
    }

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
            entity.Text(MadeByField, ""))
        {
            GroupDrillId = entity.Text(GroupDrillField),
        };
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
