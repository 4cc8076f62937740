using Skerry.State.Merging;

namespace Skerry.Domain.Operations;

/// <summary>How far an operation has come. Only its target site says so.</summary>
public enum OperationStatus
{
    Queued,
    Running,
    Succeeded,
    Failed,

    /// <summary>Its deadline passed before its target could begin.</summary>
    Expired,

    /// <summary>It lost its point: what it depends on did not succeed, or its thing is gone.</summary>
    Discarded,

    /// <summary>Somebody asked so before its target began, or while everything could still be undone; then it was.</summary>
    Cancelled,
}

/// <summary>A request that its target site must carry out, at most once.</summary>
/// <param name="Id">A UUID with dashes.</param>
/// <param name="Kind">What is to be done: <c>volume.create</c>, <c>snapshot.delete</c> ….</param>
/// <param name="Entity">What it is done to; operations on one entity run one after the other.</param>
/// <param name="TargetSite">The site that carries it out, as <c>SiteId</c> prints it; fixed when the operation is made.</param>
/// <param name="Parameters">JSON whose shape the kind decides.</param>
/// <param name="Priority">Of operations that could begin, the higher begins first. 0 unless asked otherwise.</param>
/// <param name="Deadline">When it expires if it has not begun.</param>
/// <param name="DependsOn">Operations that must have succeeded first.</param>
/// <param name="After">Operations on the same entity that its maker knew to be unfinished: they come first, whatever becomes of them.</param>
/// <param name="ProjectId">Whose it is; null for what only administrators see.</param>
/// <param name="MadeBy">The name of who asked.</param>
/// <param name="MadeAt">When, by the clock of the site where it was asked.</param>
/// <param name="Status">How far it has come.</param>
/// <param name="CancelRequested">Somebody asked to cancel it; its target decides when it learns of that.</param>
/// <param name="Reason">Why it did not succeed, and what to do.</param>
/// <param name="Result">JSON whose shape the kind decides; null unless it succeeded with something to say.</param>
/// <param name="StartedAt">When its target began.</param>
/// <param name="FinishedAt">When its target was done with it.</param>
public sealed record Operation(
    string Id,
    string Kind,
    EntityKey Entity,
    string TargetSite,
    FieldValue Parameters,
    int Priority,
    DateTimeOffset? Deadline,
    IReadOnlyList<string> DependsOn,
    IReadOnlyList<string> After,
    string? ProjectId,
    string MadeBy,
    DateTimeOffset MadeAt,
    OperationStatus Status,
    bool CancelRequested,
    string? Reason,
    FieldValue? Result,
    DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt)
{
    public bool IsFinished => Status is not (OperationStatus.Queued or OperationStatus.Running);

    /// <summary>Of one that failed because its target refused it, as it would have refused the request: why. Nothing was changed then.</summary>
    public Refusal? Refusal { get; init; }

    /// <summary>The words of <see cref="Capabilities"/> that its target must understand before it may begin.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>Of a deletion: the mutations and things that who asked for it knew; null for any other, and from an older version.</summary>
    public IReadOnlyList<string>? Seen { get; init; }

    /// <summary>How far it has come; null for kinds that have no stages, and before the first.</summary>
    public OperationProgress? Progress { get; init; }
}

/// <summary>What to enqueue.</summary>
/// <param name="Kind">What is to be done.</param>
/// <param name="Entity">What it is done to.</param>
/// <param name="TargetSite">The site that carries it out.</param>
/// <param name="Parameters">JSON whose shape the kind decides.</param>
public sealed record OperationRequest(string Kind, EntityKey Entity, string TargetSite, FieldValue Parameters)
{
    public int Priority { get; init; }

    public DateTimeOffset? Deadline { get; init; }

    public IReadOnlyList<string> DependsOn { get; init; } = [];

    /// <summary>Whose it is; null for what only administrators see.</summary>
    public string? ProjectId { get; init; }

    /// <summary>The words of <see cref="Capabilities"/> that its target must understand.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>Of a deletion: what who asks knows of the thing.</summary>
    public IReadOnlyList<string>? Seen { get; init; }
}

/// <summary>Which operations to list; everything null lists all.</summary>
public sealed record OperationFilter
{
    public string? Kind { get; init; }

    public EntityKey? Entity { get; init; }

    public string? TargetSite { get; init; }

    public OperationStatus? Status { get; init; }

    public bool UnfinishedOnly { get; init; }
}
