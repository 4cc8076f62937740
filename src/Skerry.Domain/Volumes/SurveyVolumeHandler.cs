using Skerry.Domain.Operations;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>Says what the copy of a volume at this site takes. It changes nothing that the state knows of.</summary>
internal sealed class SurveyVolumeHandler(VolumeDrivers drivers) : IOperationHandler
{
    public string Kind => VolumeOperations.Usage;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var id = operation.Entity.Id;
        switch (drivers.Holding(id))
        {
            case null:
                return OperationResult.Failed($"This site holds no copy of volume {id}; ask one that does.");
            case IVolumeSurveyor surveyor:
                try
                {
                    var usage = await surveyor.SurveyAsync(id, cancellationToken);
                    return OperationResult.Succeeded(value: FieldValue.Serialize(usage, DomainJson.Default.VolumeUsage));
                }
                catch (DriverException e)
                {
                    return OperationResult.Failed(e.Message);
                }

            default:
                return OperationResult.Failed("The storage of this site does not know what volumes share.");
        }
    }

    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        ValueTask.FromResult(OperationResult.Failed("The site's daemon stopped meanwhile; ask again."));
}
