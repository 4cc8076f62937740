using System.Text.Json.Serialization;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Groups;

/// <summary>A consistency group as it is stored: volumes that are cut at one instant, and recovered at one.</summary>
/// <param name="Id">UUID with dashes.</param>
/// <param name="Name">For people; of two groups of one name each is still found by its id.</param>
/// <param name="TargetSite">The site of the replicas, as the members' relations name it; null before the group is replicated.</param>
/// <param name="TargetBackend">The backend there; null for the members' own choice.</param>
/// <param name="Mode">One of <see cref="ReplicationModes"/>, of all members.</param>
/// <param name="IntervalSeconds">Between two runs, in periodic mode.</param>
/// <param name="StartAt">The first run, in periodic mode; null for at once.</param>
/// <param name="OnReturn">One of <see cref="ReturnPolicies"/>.</param>
/// <param name="CutIntervalSeconds">Between two cuts, in instant mode.</param>
/// <param name="CreatedAt">When it was made.</param>
internal sealed record Group(
    string Id, string Name, string? TargetSite, string? TargetBackend, string Mode, long? IntervalSeconds, DateTimeOffset? StartAt,
    string OnReturn, long CutIntervalSeconds, DateTimeOffset CreatedAt)
{
    public const long DefaultCutIntervalSeconds = 5;

    /// <summary>How long the states of past runs of members are kept at their source, as <see cref="Retention"/> reads it; null where nothing was said.</summary>
    public string? KeepSource { get; init; }

    /// <summary>The same at the replicas.</summary>
    public string? KeepTarget { get; init; }

    /// <summary>What the primary's site last said of its cuts.</summary>
    public CutStatus? Cuts { get; init; }

    /// <summary>What the replicas' site last said of what has arrived.</summary>
    public PointStatus? Point { get; init; }

    /// <summary>The cut that runs of periodic and one-time mode ship.</summary>
    public ShippedCut? Shipped { get; init; }

    public static EntityKey Key(string id) => new(EntityKinds.Group, id);

    public static Group? Find(StateView state, string id) => state.Find(EntityKinds.Group, id) is { } entity ? Read(entity) : null;

    public static IEnumerable<Group> All(StateView state) => state.List(EntityKinds.Group).Select(Read);

    public void Write(ITransaction transaction)
    {
        var key = Key(Id);
        transaction.Set(key, "name", Name);
        transaction.Set(key, "target_site", TargetSite);
        transaction.Set(key, "target_backend", TargetBackend);
        transaction.Set(key, "mode", Mode);
        transaction.Set(key, "interval_seconds", IntervalSeconds is { } interval ? FieldValue.From(interval) : FieldValue.Null);
        transaction.Set(key, "start_at", StartAt is { } start ? FieldValue.FromString(Instants.ToField(start)) : FieldValue.Null);
        transaction.Set(key, "on_return", OnReturn);
        transaction.Set(key, "cut_interval_seconds", FieldValue.From(CutIntervalSeconds));
        transaction.Set(key, "keep_source", KeepSource);
        transaction.Set(key, "keep_target", KeepTarget);
        transaction.Set(key, "created_at", CreatedAt);
    }

    private static Group Read(Entity entity) => new(
        entity.Id,
        entity.Text("name", ""),
        entity.Text("target_site"),
        entity.Text("target_backend"),
        entity.Text("mode", ReplicationModes.Instant),
        entity.Integer("interval_seconds"),
        entity.Instant("start_at"),
        entity.Text("on_return", ReturnPolicies.Resync),
        entity.Integer("cut_interval_seconds") ?? DefaultCutIntervalSeconds,
        entity.Instant("created_at") ?? DateTimeOffset.UnixEpoch)
    {
        KeepSource = entity.Text("keep_source"),
        KeepTarget = entity.Text("keep_target"),
        Cuts = entity.Json("cut_status", GroupJson.Default.CutStatus),
        Point = entity.Json("point_status", GroupJson.Default.PointStatus),
        Shipped = entity.Json("shipped_cut", GroupJson.Default.ShippedCut),
    };
}

/// <summary>What the primary's site says of a group's cuts; true at <paramref name="At"/>.</summary>
/// <param name="At">By the primary's clock.</param>
/// <param name="CutId">The newest cut that was taken; null when none was.</param>
/// <param name="HeldMicroseconds">For how long it held the members' writes.</param>
/// <param name="Reason">Why none is taken now, or why the last one becomes no recovery point; null while all is well.</param>
public sealed record CutStatus(DateTimeOffset At, string? CutId, long? HeldMicroseconds, string? Reason);

/// <summary>What the replicas' site says of a group; true at <paramref name="At"/>.</summary>
/// <param name="At">By that site's clock.</param>
/// <param name="CutId">The newest cut that all members have, which is the group's recovery point; null when there is none.</param>
/// <param name="Reason">Why there is none.</param>
public sealed record PointStatus(DateTimeOffset At, string? CutId, string? Reason)
{
    /// <summary>The cuts that all members keep, the newest first.</summary>
    public IReadOnlyList<string> Kept { get; init; } = [];

    /// <summary>What is added to the time of a cut to have it by that site's clock, or earlier; null when not known.</summary>
    public long? ClockAheadMilliseconds { get; init; }
}

/// <summary>The cut that the members' runs ship.</summary>
/// <param name="CutId">The cut, whose snapshots are at the source.</param>
/// <param name="Run">The run that it was taken for; it serves earlier ones too.</param>
public sealed record ShippedCut(string CutId, DateTimeOffset Run)
{
    /// <summary>The site that took it, where its snapshots are. Null of one that was taken before sites were noted.</summary>
    public string? Site { get; init; }
}

/// <summary>The stored form of what groups keep in fields.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CutStatus))]
[JsonSerializable(typeof(PointStatus))]
[JsonSerializable(typeof(ShippedCut))]
[JsonSerializable(typeof(GroupMoveParameters))]
[JsonSerializable(typeof(MoveReport))]
internal sealed partial class GroupJson : JsonSerializerContext;
