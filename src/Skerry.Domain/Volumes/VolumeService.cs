#pragma warning disable CS9113 // The bodies follow.
using Skerry.Domain.Operations;

namespace Skerry.Domain.Volumes;

/// <summary>What people do with volumes. Everything is answered from this site; work at the owner is an operation that travels.</summary>
public sealed class VolumeService(SiteContext site, OperationService operations, IEnumerable<IVolumeDeleteGuard> deleteGuards)
{
    public ValueTask<Outcome<Volume>> CreateAsync(Actor actor, CreateVolumeRequest request, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Newest first.</summary>
    public IReadOnlyList<Volume> List(Actor actor, VolumeFilter filter) => throw new NotImplementedException();

    /// <param name="actor">Who asks.</param>
    /// <param name="id">The volume's id; names are for the command line to look up.</param>
    public Outcome<Volume> Show(Actor actor, string id) => throw new NotImplementedException();

    /// <summary>Takes effect at once, at any site.</summary>
    public ValueTask<Outcome<Volume>> UpdateAsync(
        Actor actor, string id, UpdateVolumeRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Upward only, while it is available or in use.</summary>
    public ValueTask<Outcome<Volume>> ExtendAsync(Actor actor, string id, long sizeGib, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <param name="actor">Who asks.</param>
    /// <param name="id">The volume's id.</param>
    /// <param name="cascade">Its snapshots go with it; else a volume with snapshots stays.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<Outcome<Volume>> DeleteAsync(Actor actor, string id, bool cascade, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Sets the status word without touching the volume. For administrators.</summary>
    public ValueTask<Outcome<Volume>> ResetStatusAsync(Actor actor, string id, string status, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
