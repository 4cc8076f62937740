using Skerry.Domain.Volumes;

namespace Skerry.Domain.Recovery;

/// <summary>Who would be cut off when a volume stops taking writes.</summary>
internal static class AttachedWriters
{
    /// <summary>Why it must not stop without a drain; null when nobody is attached, as far as this site knows.</summary>
    /// <param name="state">What is known.</param>
    /// <param name="exports">What is open at this site; null when the volume is primary elsewhere.</param>
    /// <param name="volumeId">The volume.</param>
    public static Refusal? Refusal(StateView state, ExportRegistry? exports, string volumeId)
    {
        var writers = (exports?.OpenOf(volumeId).Count(g => !g.ReadOnly && g.SnapshotId is null) ?? 0)
            + state.List(EntityKinds.Attachment).Count(a => a.Text("volume_id") == volumeId && !a.Flag("read_only"));
        return writers == 0
            ? null
            : Domain.Refusal.State(
                $"Volume {volumeId} has {writers} attached {(writers == 1 ? "writer" : "writers")}.",
                "Detach them, or ask with drain, which ends their connections.");
    }
}
