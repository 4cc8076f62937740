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
    private OperationResult(bool isSuccess, string? reason, FieldValue? value, Action<ITransaction>? effect)
    {
        IsSuccess = isSuccess;
        Reason = reason;
        Value = value;
        Effect = effect;
    }

    public bool IsSuccess { get; }

    /// <summary>Why it failed, and what to do.</summary>
    public string? Reason { get; }

    /// <summary>JSON whose shape the kind decides.</summary>
    public FieldValue? Value { get; }

    /// <summary>Written in one mutation with the operation's end; may run more than once and must only write.</summary>
    public Action<ITransaction>? Effect { get; }

    public static OperationResult Succeeded(Action<ITransaction>? effect = null, FieldValue? value = null) =>
        new(true, null, value, effect);

    public static OperationResult Failed(string reason, Action<ITransaction>? effect = null) => new(false, reason, null, effect);

    public static OperationResult OutcomeUnknown(string detail, Action<ITransaction>? effect = null) =>
        new(false, $"Outcome unknown: {detail}", null, effect);
}
