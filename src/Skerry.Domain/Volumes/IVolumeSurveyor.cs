namespace Skerry.Domain.Volumes;

/// <summary>What a driver does besides, when volumes and snapshots share blocks on its backend: says who takes how much.</summary>
public interface IVolumeSurveyor
{
    /// <summary>As of one instant. It looks at all that the backend knows of what is in use, not at the data.</summary>
    /// <exception cref="DriverException">NotFound; Failed.</exception>
    ValueTask<VolumeUsage> SurveyAsync(string volumeId, CancellationToken cancellationToken);
}

/// <summary>What a volume takes at one site, in bytes; the result of an operation <c>volume.usage</c>.</summary>
/// <param name="AllocatedBytes">What the volume itself has stored, shared or not.</param>
/// <param name="ExclusiveBytes">What deleting it with all its snapshots would give back.</param>
/// <param name="SharedBytes">What it, or a snapshot of it, uses and other volumes use too.</param>
/// <param name="HeadBytes">Of the exclusive bytes, what no snapshot of it uses either.</param>
/// <param name="Snapshots">Its snapshots, the oldest first.</param>
/// <param name="IsComplete">False when damage hides a part of what is in use.</param>
public sealed record VolumeUsage(
    long AllocatedBytes, long ExclusiveBytes, long SharedBytes, long HeadBytes, IReadOnlyList<SnapshotUsage> Snapshots, bool IsComplete);

/// <param name="Id">The snapshot's id.</param>
/// <param name="ExclusiveBytes">What deleting it alone would give back.</param>
public sealed record SnapshotUsage(string Id, long ExclusiveBytes);
