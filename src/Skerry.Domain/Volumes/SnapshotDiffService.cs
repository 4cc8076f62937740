namespace Skerry.Domain.Volumes;

/// <summary>Says where a snapshot differs from its volume or from another snapshot of it; answered by a site that has both.</summary>
public sealed class SnapshotDiffService(SiteContext site, VolumeDrivers drivers)
{
    /// <summary>The most ranges in one answer.</summary>
    public const int MostRanges = 10_000;

    /// <param name="actor">Who asks.</param>
    /// <param name="snapshotId">The snapshot.</param>
    /// <param name="against">The id of another snapshot of the volume; null, or the volume's id, for the volume as it is at this site.</param>
    /// <param name="offsetBytes">Where to begin.</param>
    /// <param name="mostRanges">How many ranges to tell, up to <see cref="MostRanges"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<Outcome<SnapshotDifference>> DiffAsync(
        Actor actor, string snapshotId, string? against, long offsetBytes, int mostRanges, CancellationToken cancellationToken)
    {
        var reader = new VolumeReader(site, StateView.Of(site.Replica));
        if (Find(reader, actor, snapshotId) is not { } snapshot)
        {
            return Refusal.NotFound("snapshot", snapshotId);
        }

        if (offsetBytes < 0 || mostRanges is < 1 or > MostRanges)
        {
            return Refusal.Invalid(
                offsetBytes < 0 ? "offset_bytes" : "limit", "The part that was asked for cannot be.",
                $"Give an offset of 0 or more, and a limit from 1 to {MostRanges}.");
        }

        var other = against is null || against == snapshot.VolumeId ? null : Find(reader, actor, against);
        if (other is null && against is not null && against != snapshot.VolumeId)
        {
            return Refusal.NotFound("snapshot", against) with { Field = "against" };
        }

        if (other is not null && other.VolumeId != snapshot.VolumeId)
        {
            return Refusal.Invalid(
                "against", $"Snapshot {against} is of another volume than snapshot {snapshotId}.", "Name a snapshot of the same volume.");
        }

        if ((NotHere(snapshot) ?? (other is null ? null : NotHere(other))) is { } elsewhere)
        {
            return elsewhere;
        }

        if (drivers.Holding(snapshot.VolumeId) is not ISnapshotDiffer differ)
        {
            return Refusal.State($"The storage of site {site.SiteName} does not keep track of what differs.", "Connect both and compare their content.");
        }

        try
        {
            return await differ.DifferenceAsync(snapshot.VolumeId, snapshotId, other?.Id, offsetBytes, mostRanges, cancellationToken);
        }
        catch (DriverException e)
        {
            return Refusal.State(actor.IsAdmin ? e.Message : e.PublicMessage);
        }
    }

    private static Snapshot? Find(VolumeReader reader, Actor actor, string id) =>
        reader.FindSnapshot(id) is { } snapshot && actor.MaySee(snapshot.ProjectId) && (actor.IsAdmin || !snapshot.IsOfRun) ? snapshot : null;

    private Refusal? NotHere(Snapshot snapshot) =>
        snapshot.Status != VolumeStatus.Available ? Refusal.State($"Snapshot {snapshot.Id} is {snapshot.Status}.", "Wait until it is available.")
        : snapshot.SiteId != site.SelfText && snapshot.Places.All(p => p.SiteId != site.SelfText)
            ? Refusal.State($"Snapshot {snapshot.Id} is at site {snapshot.SiteName}, which has its blocks.", $"Ask site {snapshot.SiteName}.")
        : null;
}
