using System.Globalization;
using Skerry.Domain.Operations;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Recovery;

/// <summary>
/// A forced promotion at an older state than the newest that the copy has: a snapshot of the volume that the copy's site has too, taken
/// by a person or kept of a past run.
/// </summary>
internal static class OlderState
{
    /// <summary>
    /// Why a site that is the primary already has not done what was asked: it was promoted, but not at that snapshot. Null when it was, or
    /// none was asked for.
    /// </summary>
    public static Refusal? CheckThere(StateView state, PrimaryMove move) =>
        move.SnapshotId is not { } snapshotId || state.List(EntityKinds.Operation)
            .Where(e => e.Text("kind") == RecoveryOperations.Promote && e.Text("entity") == VolumeEntity.Key(move.VolumeId).ToString())
            .Select(e => OperationEntity.Read(e).Parameters.Deserialize(RecoveryJson.Default.RecoveryParameters))
            .Any(p => p is not null && p.AtSnapshotId == snapshotId && p.ToSite == move.ToSite && p.GenerationId == move.Primary.Current.ParentId)
            ? null
            : Refusal.State(
                $"Site {move.ToName} is the primary of volume {move.VolumeId} already, and a primary returns to no snapshot.",
                "Make a volume of the snapshot, which the volume's own writes do not touch.");

    /// <summary>What the promotion would do and may lose, given what it would without an older state. Null for none is the newest.</summary>
    public static FailoverPreview Apply(SiteContext site, StateView state, FailoverPreview preview, string? snapshotId)
    {
        if (snapshotId is null)
        {
            return preview;
        }

        if (!preview.IsForced)
        {
            return preview with
            {
                Refusal = Refusal.Invalid(
                    "snapshot_id", "A planned move loses nothing, and returns to no snapshot.", "Ask with force, when the primary is lost or demoted."),
            };
        }

        var names = new SiteDirectory(site, state);
        if (state.Find(EntityKinds.Snapshot, snapshotId) is not { } snapshot || snapshot.Text("volume_id") != preview.VolumeId)
        {
            return preview with { Refusal = Refusal.NotFound("snapshot", snapshotId) with { Field = "snapshot_id" } };
        }

        var there = SnapshotCopy.SitesOf(state, snapshotId);
        var takenAt = (snapshot.Instant("created_at") ?? snapshot.CreatedStamp.Time) + preview.ClockAhead;
        var seconds = Math.Max(0, (site.Now - takenAt).TotalSeconds);
        return preview with
        {
            RecoveryPoint = null,
            SnapshotId = snapshotId,
            SecondsSinceWhole = seconds,
            OwedBytesAtLeast = null,
            MoreAdvancedSite = null,
            WritesBehind = null,
            SecondsBehind = null,
            Refusal = preview.Refusal ?? (there.Contains(preview.ToSite) ? null : Refusal.State(
                $"Site {names.NameOf(preview.ToSite)} does not have snapshot {snapshot.Text("name", snapshotId)}.",
                there.Count == 0 ? "Name another." : $"It is at {string.Join(", ", there.Select(names.NameOf))}; name one of these sites, or another snapshot.")),
            Loss = string.Create(
                CultureInfo.InvariantCulture,
                $"The copy returns to snapshot {snapshot.Text("name", snapshotId)} of {takenAt:yyyy-MM-dd HH:mm:ss}Z, {seconds:0.0} s ago; what was written since is lost, also what the copy has received of it. Newer snapshots that the site has stay readable."),
        };
    }
}
