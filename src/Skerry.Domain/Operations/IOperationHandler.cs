using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Operations;

/// <summary>Carries out operations of one kind at the site that they target.</summary>
/// <remarks>
/// The reconciler has made <c>running</c> durable before it calls <see cref="RunAsync"/>, and calls it once in the life of an
/// operation. What the handler learns is written together with the operation's end, in one mutation, by the effect that it returns.
/// </remarks>
public interface IOperationHandler
{
    /// <summary>The kind of operation that it carries out.</summary>
    string Kind { get; }

    /// <summary>True for what must not wait behind long work of other kinds: it has slots of its own.</summary>
    bool IsUrgent => false;

    /// <summary>
    /// Carries the operation out. Preconditions are checked again here, since the request may have travelled for days. An expected
    /// failure is a result; an exception is a fault, after which <see cref="ReconcileAsync"/> is asked what came of it.
    /// </summary>
    ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken);

    /// <summary>
    /// The daemon stopped, or the handler threw, while the operation was running: finds out what came of it, without beginning it
    /// anew. Work that is idempotent and was begun may be completed; what cannot be known is
    /// <see cref="OperationResult.OutcomeUnknown"/>.
    /// </summary>
    ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken);
}

/// <summary>What came of an operation.</summary>
public sealed record OperationResult
{
    private OperationResult(OperationStatus status, string? reason, FieldValue? value, Action<ITransaction>? effect, Refusal? refusal = null)
    {
        Refusal = refusal;
        Status = status;
        Reason = reason;
        Value = value;
        Effect = effect;
    }

    /// <summary>How it ended: succeeded, failed, or cancelled.</summary>
    public OperationStatus Status { get; }

    public bool IsSuccess => Status == OperationStatus.Succeeded;

    /// <summary>Why it failed, and what to do.</summary>
    public string? Reason { get; }

    /// <summary>When it failed because its target refused it, with nothing changed: that refusal.</summary>
    public Refusal? Refusal { get; }

    /// <summary>JSON whose shape the kind decides.</summary>
    public FieldValue? Value { get; }

    /// <summary>Written in one mutation with the operation's end; may run more than once and must only write.</summary>
    public Action<ITransaction>? Effect { get; }

    public static OperationResult Succeeded(Action<ITransaction>? effect = null, FieldValue? value = null) =>
        new(OperationStatus.Succeeded, null, value, effect);

    public static OperationResult Failed(string reason, Action<ITransaction>? effect = null) =>
        new(OperationStatus.Failed, reason, null, effect);

    /// <summary>Its target refused it, and nothing is changed, or not any more.</summary>
    public static OperationResult Refused(Refusal refusal, Action<ITransaction>? effect = null) =>
        new(OperationStatus.Failed, refusal.ToString(), null, effect, refusal);

    /// <summary>Somebody asked so, and everything is undone.</summary>
    public static OperationResult Cancelled(string reason, Action<ITransaction>? effect = null) =>
        new(OperationStatus.Cancelled, reason, null, effect);

    public static OperationResult OutcomeUnknown(string detail, Action<ITransaction>? effect = null) =>
        new(OperationStatus.Failed, $"Outcome unknown: {detail}", null, effect);
}
