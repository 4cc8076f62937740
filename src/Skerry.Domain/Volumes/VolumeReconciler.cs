#pragma warning disable CS9113 // The bodies follow.
namespace Skerry.Domain.Volumes;

/// <summary>Keeps what takes writes at this site in line with the generations that it knows.</summary>
public sealed class VolumeReconciler(SiteContext site, VolumeDrivers drivers, ExportRegistry exports) : IReconciler
{
    public string Name => "volumes";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Volume, EntityKinds.Generation];

    public ValueTask<StepResult> StepAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
