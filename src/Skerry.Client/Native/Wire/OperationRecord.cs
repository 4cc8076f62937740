using System.Text.Json;

namespace Skerry.Client.Native.Wire;

/// <summary>A request that its target site carries out.</summary>
/// <param name="Status">queued, running, succeeded, failed, expired, discarded or cancelled.</param>
/// <param name="Reason">Why it failed, expired or was discarded; or what it waits for.</param>
public sealed record OperationRecord(
    string Id,
    string Kind,
    string EntityKind,
    string EntityId,
    string TargetSite,
    string Status,
    string? Reason,
    long? Priority,
    DateTimeOffset? Deadline,
    IReadOnlyList<string>? DependsOn,
    string? MadeBy,
    DateTimeOffset? MadeAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt,
    bool CancelRequested,
    JsonElement? Parameters,
    JsonElement? Result)
{
    /// <summary>Of one that failed because its site refused it, with nothing changed: what a request that is refused is answered with.</summary>
    public ErrorRecord? Refusal { get; init; }

    /// <summary>How far it has come; null for kinds that have no stages.</summary>
    public OperationProgressRecord? Progress { get; init; }

    /// <summary>True when nothing about it will change any more.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsOver => Status is "succeeded" or "failed" or "expired" or "discarded" or "cancelled";
}

/// <summary>How far an operation has come.</summary>
/// <param name="Stage">The stage under way, or the last one.</param>
/// <param name="Stages">All of them, in order.</param>
/// <param name="Since">When the stage began.</param>
/// <param name="CanAbort">Whether a cancellation is still obeyed.</param>
/// <param name="AbortUntil">The stage that ends that as it begins.</param>
/// <param name="Detail">What there is to add.</param>
public sealed record OperationProgressRecord(
    string Stage, IReadOnlyList<string> Stages, DateTimeOffset Since, bool CanAbort, string? AbortUntil, string? Detail);

public sealed record OperationReply(OperationRecord Operation);

public sealed record OperationList(IReadOnlyList<OperationRecord> Operations, IReadOnlyList<PageLink>? Links = null);
