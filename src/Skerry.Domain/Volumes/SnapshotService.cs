#pragma warning disable CS9113 // The bodies follow.
using Skerry.Domain.Operations;

namespace Skerry.Domain.Volumes;

/// <summary>What people do with snapshots.</summary>
public sealed class SnapshotService(SiteContext site, OperationService operations)
{
    public ValueTask<Outcome<Snapshot>> CreateAsync(Actor actor, CreateSnapshotRequest request, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Newest first.</summary>
    public IReadOnlyList<Snapshot> List(Actor actor, SnapshotFilter filter) => throw new NotImplementedException();

    public Outcome<Snapshot> Show(Actor actor, string id) => throw new NotImplementedException();

    /// <summary>Takes effect at once, at any site; <see cref="UpdateVolumeRequest.IsBootable"/> is ignored.</summary>
    public ValueTask<Outcome<Snapshot>> UpdateAsync(
        Actor actor, string id, UpdateVolumeRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    public ValueTask<Outcome<Snapshot>> DeleteAsync(Actor actor, string id, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Sets the status word without touching the snapshot. For administrators.</summary>
    public ValueTask<Outcome<Snapshot>> ResetStatusAsync(Actor actor, string id, string status, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
