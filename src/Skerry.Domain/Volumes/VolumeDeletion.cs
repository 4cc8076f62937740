namespace Skerry.Domain.Volumes;

/// <summary>What stands against deleting a volume: judged when it is asked for, and again at the owner before anything is taken away.</summary>
internal static class VolumeDeletion
{
    public static Refusal? Check(VolumeReader reader, Volume volume, bool cascade)
    {
        if (volume.Status is not (VolumeStatus.Available or VolumeStatus.Error or VolumeStatus.ErrorDeleting or VolumeStatus.ErrorExtending))
        {
            var next = volume.Status switch
            {
                VolumeStatus.InUse or VolumeStatus.Detaching => "Disconnect it first.",
                VolumeStatus.Creating => $"Wait until it is made, or cancel operation {volume.OperationId}.",
                VolumeStatus.Deleting => $"Follow operation {volume.OperationId}.",
                _ => "It can be deleted when it is available or in error.",
            };
            return Refusal.State($"Volume {volume.Id} is {volume.Status}.", next);
        }

        var snapshots = reader.SnapshotsOf(volume.Id).Where(s => !s.IsOfRun).ToList();
        if (snapshots.Count > 0 && !cascade)
        {
            return Refusal.State(
                $"Volume {volume.Id} has {snapshots.Count} {(snapshots.Count == 1 ? "snapshot" : "snapshots")}.",
                "Delete the snapshots first, or delete it with cascade.");
        }

        // A clone is cut loose from its source once it is made; before that the source is needed.
        var waiting = reader.Volumes.FirstOrDefault(v => v.Status == VolumeStatus.Creating && v.SourceVolumeId == volume.Id);
        return waiting is null
            ? null
            : Refusal.State($"Volume {waiting.Id} is still to be made from volume {volume.Id}.", $"Wait for operation {waiting.OperationId}.");
    }
}
