using Skerry.Domain.Operations;

namespace Skerry.Domain.Volumes;

/// <summary>Writes the status word that an administrator asked for; the volume or snapshot itself is not touched.</summary>
internal sealed class ResetStatusHandler(SiteContext site, string kind) : IOperationHandler
{
    public string Kind => kind;

    public ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var key = operation.Entity;
        if (StateView.Of(site.Replica).Find(key.Kind, key.Id) is null
            || operation.Parameters.Deserialize(DomainJson.Default.StatusParameters) is not { Status: { Length: > 0 } status })
        {
            return ValueTask.FromResult(OperationResult.Failed($"There is no {key.Kind} {key.Id} any more."));
        }

        return ValueTask.FromResult(
            OperationResult.Succeeded(transaction => VolumeEntity.WriteStatus(transaction, key, status, null)));
    }

    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);
}
