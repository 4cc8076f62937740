using Skerry.Domain;

namespace Skerry.Drivers.Native;

/// <summary>Brings a change of rates to the volumes that are connected here, as soon as this site knows of it.</summary>
public sealed class ExportRatesReconciler(NativeExports exports) : IReconciler
{
    public string Name => "export-rates";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.QosSpec, EntityKinds.VolumeType, EntityKinds.Volume];

    public ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        exports.RefreshRates();
        return ValueTask.FromResult(StepResult.Done);
    }
}
