using System.Text.Json.Serialization;
using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.Domain.Sites;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Recovery;

/// <summary>The kinds of operation that move a volume's primary.</summary>
public static class RecoveryOperations
{
    /// <summary>At the primary: stop, sync, and name the successor, or nobody.</summary>
    public const string HandOver = "volume.handover";

    /// <summary>At the copy: become primary.</summary>
    public const string Promote = "volume.promote";

    /// <summary>At the site of a replica in the trash: make it a volume again.</summary>
    public const string RestoreReplica = "replica.restore";

    /// <summary>At the site of a replica in the trash: take it away before its time.</summary>
    public const string PurgeReplica = "replica.purge";

    /// <summary>At the site of a replica: try a failover with a clone.</summary>
    public const string StartDrill = "drill.start";

    /// <summary>There: drop the clone.</summary>
    public const string StopDrill = "drill.stop";

    /// <summary>The handlers of all of these.</summary>
    /// <param name="site">This site.</param>
    /// <param name="drivers">Its backends.</param>
    /// <param name="exports">What is attached.</param>
    /// <param name="movers">What brings successors up.</param>
    /// <param name="stores">The copies here.</param>
    /// <param name="links">Who is reached.</param>
    /// <param name="trash">The replicas in the trash.</param>
    /// <param name="fence">Asked before a promotion without the old primary's consent; null for nobody.</param>
    /// <param name="joint">Volumes that are handed over together; null where none are.</param>
    /// <param name="atStage">Told of volume and stage of a planned move, after that is written and before any of it is done; for tests.</param>
    public static IReadOnlyList<IOperationHandler> Handlers(
        SiteContext site, VolumeDrivers drivers, ExportRegistry exports, IEnumerable<IDataMover> movers,
        IEnumerable<IReplicaStore> stores, ILinkStatus links, ReplicaTrash trash, IExternalFence? fence = null,
        JointMoves? joint = null, Func<string, string, CancellationToken, ValueTask>? atStage = null)
    {
        IReplicaStore[] known = [.. stores];
        return
        [
            new HandOverHandler(site, drivers, exports, [.. movers], known, joint ?? new JointMoves(), atStage),
            new PromoteHandler(site, drivers, known, new PromotionFactsReader(site, known, links), fence ?? new NoExternalFence()),
            new RestoreReplicaHandler(site, drivers, known, trash),
            new PurgeReplicaHandler(trash),
            new StartDrillHandler(site, drivers, known),
            new StopDrillHandler(site, drivers, exports),
        ];
    }
}

/// <summary>What a recovery operation was asked for.</summary>
/// <param name="GenerationId">The generation that was current when it was asked; under another one it has lost its point.</param>
/// <param name="ToSite">The successor, as a site id; empty for a demotion.</param>
/// <param name="IsForced">Whether a person agreed to lose what the preview said.</param>
/// <param name="Drain">Whether attached writers are to be cut off.</param>
internal sealed record RecoveryParameters(string GenerationId, string ToSite, bool IsForced, bool Drain)
{
    /// <summary>Nobody asked for it: the target's site does it, because the primary's site is lost and its lease has run out.</summary>
    public bool IsAutomatic { get; init; }

    /// <summary>A person takes it on himself that the old primary's site is not fenced first.</summary>
    public bool WithoutFence { get; init; }

    /// <summary>The operation, of the group that the volume moves with, that has had the old primary's site fenced for it.</summary>
    public string? FencedBy { get; init; }

    /// <summary>The operation, of a group, that writes the generations of all its volumes or of none.</summary>
    public string? JointOperationId { get; init; }

    /// <summary>The snapshot that the copy is to return to; null for its newest whole state.</summary>
    public string? AtSnapshotId { get; init; }

    /// <summary>The write that the copy must stand at to be promoted; null for any.</summary>
    public long? AtNumber { get; init; }
}

/// <summary>What a recovery operation came to.</summary>
/// <param name="Generation">The generation that now holds.</param>
/// <param name="Number">The write number at which it forked.</param>
/// <param name="Site">The primary, as a site id; empty for nobody.</param>
/// <param name="IsPlanned">Whether nothing was lost.</param>
/// <param name="RecoveryPoint">For a forced promotion: the recovery point that was known; the promoted state is that one or later.</param>
/// <param name="Loss">For people.</param>
/// <param name="IsOpen">Whether the new primary was seen to take writes.</param>
internal sealed record RecoveryResult(
    long Generation, long Number, string Site, bool IsPlanned, RecoveryPoint? RecoveryPoint, string Loss, bool IsOpen)
{
    /// <summary>Whether the copy that was primary was seen to follow the new one.</summary>
    public bool IsReversed { get; init; }
}

/// <summary>The stored form of recovery's parameters and results.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RecoveryParameters))]
[JsonSerializable(typeof(RestoreParameters))]
[JsonSerializable(typeof(DrillParameters))]
[JsonSerializable(typeof(RecoveryPoint))]
[JsonSerializable(typeof(RecoveryResult))]
internal sealed partial class RecoveryJson : JsonSerializerContext;
