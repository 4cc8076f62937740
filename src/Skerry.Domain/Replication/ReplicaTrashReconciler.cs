namespace Skerry.Domain.Replication;

/// <summary>Purges replicas whose time in the trash is over.</summary>
public sealed class ReplicaTrashReconciler(ReplicaTrash trash) : IReconciler
{
    public string Name => "replica-trash";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Volume, EntityKinds.Replication];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var (again, reports) = await trash.PurgeDueAsync(cancellationToken);
        return (again is { } later ? StepResult.After(later) : StepResult.Done).With(reports);
    }
}
