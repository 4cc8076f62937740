using System.Collections.Concurrent;
using Skerry.Domain.Operations;

namespace Skerry.Domain.Tests.Operations;

/// <summary>Counts what is asked of it; what it does is the test's choice.</summary>
internal sealed class RecordingHandler(string kind) : IOperationHandler
{
    public string Kind => kind;

    public ConcurrentQueue<string> Runs { get; } = new();

    public ConcurrentQueue<string> Reconciliations { get; } = new();

    public Func<Operation, CancellationToken, ValueTask<OperationResult>> OnRun { get; set; } =
        (_, _) => ValueTask.FromResult(OperationResult.Succeeded());

    public Func<Operation, ValueTask<OperationResult>> OnReconcile { get; set; } =
        _ => ValueTask.FromResult(OperationResult.OutcomeUnknown("the test says so"));

    public ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        Runs.Enqueue(operation.Id);
        return OnRun(operation, cancellationToken);
    }

    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken)
    {
        Reconciliations.Enqueue(operation.Id);
        return OnReconcile(operation);
    }
}
