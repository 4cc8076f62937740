using System.Text.Json;

namespace Skerry.Client.Native.Wire;

/// <summary>What moves, and in which order, when a site is lost.</summary>
/// <param name="Name">The cloud has one plan of a name.</param>
/// <param name="Site">The site that it is for.</param>
/// <param name="To">Where to; null for where each has its replica.</param>
/// <param name="Parallel">How many groups and volumes move side by side, 1 to 64.</param>
/// <param name="Steps">A step begins when the one before is over.</param>
/// <param name="Skip">Names or ids of volumes and groups that stay.</param>
/// <param name="Rest">What becomes of what no step names: last or skip.</param>
/// <param name="OnFailure">continue, or stop: whether later steps begin when something failed.</param>
public sealed record PlanRecord(
    string Name, string Site, string? To, int Parallel, IReadOnlyList<PlanStepRecord> Steps, IReadOnlyList<string> Skip, string Rest,
    string OnFailure);

/// <summary>What moves side by side.</summary>
/// <param name="Groups">Names or ids.</param>
/// <param name="Volumes">Names or ids of volumes that are in no group.</param>
public sealed record PlanStepRecord(string? Name, IReadOnlyList<string> Groups, IReadOnlyList<string> Volumes);

public sealed record PlanReply(PlanRecord Plan);

public sealed record PlanList(IReadOnlyList<PlanRecord> Plans, IReadOnlyList<PageLink>? Links);

/// <summary>Asks for a plan to be set; what is null takes its default.</summary>
public sealed record PlanSetRequest(
    string Site, string? To, int? Parallel, IReadOnlyList<PlanStepRecord>? Steps, IReadOnlyList<string>? Skip, string? Rest, string? OnFailure);

/// <summary>Asks to move all that is primary at a site, or to bring home all whose home it is.</summary>
/// <param name="To">Where to; null for where each has its replica. Failover only.</param>
/// <param name="Plan">The plan to go by; null for groups first, then the volumes that are in none.</param>
/// <param name="Force">Without the site's consent. Failover only.</param>
/// <param name="Drain">Close the exports of attached writers instead of refusing because of them.</param>
public sealed record SiteMoveRequest(string? To, string? Plan, bool? Force, bool? Drain)
{
    /// <summary>With force only: the fence commands are not run, and the operation records that they were not.</summary>
    public bool? NoFence { get; init; }
}

/// <summary>One volume of a move.</summary>
/// <param name="GroupId">The group that it moves with; null when alone.</param>
/// <param name="Step">When, counted from 0.</param>
/// <param name="State">waiting, moving, done, failed or skipped.</param>
/// <param name="Reason">Why it failed, or was left out.</param>
/// <param name="OperationId">The operation that moves it, or its group.</param>
/// <param name="Generation">In which it is primary now.</param>
/// <param name="Number">The write at which that forked.</param>
/// <param name="LossSeconds">The age of the state that was, or would be, promoted; 0 for a planned move.</param>
/// <param name="Loss">What may be lost, in a sentence.</param>
/// <param name="OwedBytes">What its primary owed.</param>
/// <param name="Seconds">How long it took until it was writable, or failed.</param>
public sealed record MoveLineRecord(
    string VolumeId, string? VolumeName, string? GroupId, int Step, string? ToSite, string State, string? Reason, string? OperationId,
    long? Generation, long? Number, double? LossSeconds, string? Loss, long? OwedBytes, DateTimeOffset? StartedAt, double? Seconds)
{
    /// <summary>The volumes of the report that an operation of a move has as its result, sites by their ids; empty when it has none yet.</summary>
    public static IReadOnlyList<MoveLineRecord> Of(JsonElement? result) =>
        result is { ValueKind: JsonValueKind.Object } report && report.TryGetProperty("volumes", out var lines) && lines.ValueKind == JsonValueKind.Array
            ? [.. lines.EnumerateArray().Select(line => line.Deserialize(SkerryJson.Default.MoveLineRecord)!)]
            : [];
}

/// <summary>What a move of a site would do if it were asked for now.</summary>
/// <param name="OwedBytes">What is still to be shipped before it, or by force would be lost: at least.</param>
/// <param name="LossSeconds">By force: the age of the oldest state that would be promoted.</param>
/// <param name="EstimatedSeconds">At the rates that the replications had last; null when that cannot be told.</param>
/// <param name="Refusal">Why nothing of it would be done.</param>
public sealed record SitePreviewRecord(
    string Site, string? Plan, bool Forced, long OwedBytes, double? LossSeconds, double? EstimatedSeconds,
    IReadOnlyList<MoveLineRecord> Volumes, ErrorRecord? Refusal);

public sealed record SitePreviewReply(SitePreviewRecord Preview);

/// <summary>What was accepted.</summary>
/// <param name="OperationId">Its result is a move report, also while it runs; null when there was nothing to do.</param>
public sealed record SiteMoveReply(string Site, string? OperationId, SitePreviewRecord Preview);
