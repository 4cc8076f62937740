using Microsoft.Extensions.Logging;
using Skerry.Blocks;
using Skerry.Domain.Replication;

namespace Skerry.Movers.Native;

/// <summary>The source's end of one link: what is replicated, what is known of it, and by which settings.</summary>
/// <param name="Task">As it stood when the link was made. What may change on a living link is asked of the session.</param>
/// <param name="Volume">The source.</param>
/// <param name="Facts">Where reports read how it stands.</param>
/// <param name="Options">Paces and bounds.</param>
/// <param name="Time">The source's clock.</param>
/// <param name="Logger">For what a person wants to know of.</param>
internal sealed record SourceEnd(
    MoverTask Task, BlockVolume Volume, SourceFacts Facts, NativeMoverOptions Options, TimeProvider Time, ILogger Logger)
{
    /// <summary>The snapshot that catch-ups are shipped from; it stays until the replica has it.</summary>
    public string BaseSnapshotId => BaseSnapshots.OfSource(Task.ReplicationId);

    public SnapshotInfo? FindSnapshot(string id) => Volume.Snapshots.FirstOrDefault(s => string.Equals(s.Id, id, StringComparison.Ordinal));

    /// <summary>
    /// When the primary's disk was in the state that the volume was in at that number and time, or later. A copy that is passed on
    /// goes by what it was told: when a write came here says nothing of when the primary made it. Null when it was not told.
    /// </summary>
    public (long Number, DateTimeOffset TakenAt, DateTimeOffset? TakenAtThere)? PrimaryWasAt(long number, DateTimeOffset at) =>
        !Task.IsPassedOn ? (number, at, Facts.Clock?.There(at))
        : ReplicaCopy.PointOf(Volume) is { } point && point.Number <= number
            ? (point.Number, point.TakenAt, point.TakenAtHere is { } here ? Facts.Clock?.There(here) : null)
        : null;

    /// <summary>The replica said what its clock shows.</summary>
    public void Heard(DateTimeOffset? at)
    {
        if (at is { } shown)
        {
            Facts.Clock = new SourceFacts.PeerClock(shown, Time.GetUtcNow());
        }
    }
}
