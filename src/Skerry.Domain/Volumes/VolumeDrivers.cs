using System.Diagnostics.CodeAnalysis;

namespace Skerry.Domain.Volumes;

/// <summary>The backends of this site, by name.</summary>
public sealed class VolumeDrivers(IEnumerable<IVolumeDriver> drivers)
{
    private readonly SortedDictionary<string, IVolumeDriver> _byBackend =
        new(drivers.ToDictionary(d => d.Backend, StringComparer.Ordinal), StringComparer.Ordinal);

    /// <summary>In order of the backend's name.</summary>
    public IReadOnlyCollection<IVolumeDriver> All => _byBackend.Values;

    public bool TryFind(string backend, [NotNullWhen(true)] out IVolumeDriver? driver) =>
        _byBackend.TryGetValue(backend, out driver);

    /// <summary>The driver that holds a copy of the volume at this site; null when none does.</summary>
    public IVolumeDriver? Holding(string volumeId) => _byBackend.Values.FirstOrDefault(d => d.Holds(volumeId));

    /// <exception cref="DriverException">No such backend at this site.</exception>
    public IVolumeDriver Get(string? backend) =>
        backend is not null && TryFind(backend, out var driver)
            ? driver
            : throw new DriverException(
                DriverError.NotFound,
                $"There is no backend {backend ?? "(none)"} at this site; its configuration has {Listed()}.");

    private string Listed() => _byBackend.Count == 0 ? "none" : string.Join(", ", _byBackend.Keys);
}
