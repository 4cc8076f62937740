#pragma warning disable CS9113 // The bodies follow.
namespace Skerry.Domain.Volumes;

/// <summary>The types that volumes can be made of.</summary>
public sealed class VolumeTypeService(SiteContext site)
{
    /// <summary>By name.</summary>
    public IReadOnlyList<VolumeType> List(Actor actor) => throw new NotImplementedException();

    /// <param name="actor">Who asks; only an administrator sees the specs.</param>
    /// <param name="idOrName">Its id or its name.</param>
    public Outcome<VolumeType> Show(Actor actor, string idOrName) => throw new NotImplementedException();

    /// <summary>What a volume gets that names no type.</summary>
    public Outcome<VolumeType> Default(Actor actor) => throw new NotImplementedException();

    public ValueTask<Outcome<VolumeType>> CreateAsync(
        Actor actor, CreateVolumeTypeRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Refused while volumes are of this type.</summary>
    public ValueTask<Outcome<Unit>> DeleteAsync(Actor actor, string idOrName, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>At start: makes one type for each driver of this site, under an id that every site derives alike.</summary>
    public ValueTask EnsureDefaultsAsync(IEnumerable<string> driverNames, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
