#pragma warning disable CS9113 // The bodies follow.
namespace Skerry.Domain.Volumes;

/// <summary>Says what this site's backends are and what space they have.</summary>
public sealed class BackendReconciler(SiteContext site, VolumeDrivers drivers) : IReconciler
{
    public string Name => "backends";

    public IReadOnlyCollection<string> Kinds { get; } = [];

    public ValueTask<StepResult> StepAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
