using Skerry.Domain.Operations;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>Checks the copy of a volume at this site, primary or replica. It changes nothing that the state knows of.</summary>
internal sealed class CheckVolumeHandler(VolumeDrivers drivers) : IOperationHandler
{
    public string Kind => VolumeOperations.Check;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var id = operation.Entity.Id;
        switch (drivers.Holding(id))
        {
            case null:
                return OperationResult.Failed($"This site holds no copy of volume {id}; ask for a check at one that does.");
            case IVolumeChecker checker:
                try
                {
                    var check = await checker.CheckAsync(id, cancellationToken);
                    return OperationResult.Succeeded(value: FieldValue.Serialize(check, DomainJson.Default.VolumeCheck));
                }
                catch (DriverException e)
                {
                    return OperationResult.Failed(e.PublicMessage);
                }

            default:
                return OperationResult.Failed("The storage of this site keeps no checksums to check by.");
        }
    }

    /// <summary>What was read before is not known any more; reading again harms nobody, but may take long and is for a person to ask.</summary>
    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        ValueTask.FromResult(OperationResult.Failed("The site's daemon stopped before the check was over; ask for it again."));
}
