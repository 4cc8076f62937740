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
    /// <summary>True when nothing about it will change any more.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsOver => Status is "succeeded" or "failed" or "expired" or "discarded" or "cancelled";
}

public sealed record OperationReply(OperationRecord Operation);

public sealed record OperationList(IReadOnlyList<OperationRecord> Operations, IReadOnlyList<PageLink>? Links = null);
