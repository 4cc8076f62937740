using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Volume;

internal static class RecoveryPreviewView
{
    public static readonly View<RecoveryPreviewRecord> Preview = new(
        "preview",
        OutputJson.Default.RecoveryPreviewRecord,
        new("volume_id", "Volume.", p => p.VolumeId),
        new("from_site", "Site that is primary now; null while nobody is.", p => p.FromSite),
        new("to_site", "Site that would become primary.", p => p.ToSite),
        new("snapshot_id", "Snapshot that the copy would return to; null for its newest state.", p => p.SnapshotId),
        new("choice", "Why that one, when none was named and there were several.", p => p.Choice),
        new("forced", "Whether it would be by force.", p => p.Forced),
        new("recovery_point_at", "When the primary's disk was in the state that would be promoted, or an earlier one.", p => p.RecoveryPoint?.TakenAt),
        new("loss_seconds", "Seconds since then: what may be lost.", p => p.LossSeconds),
        new("loss_bytes", "Bytes that the primary owed when it was last heard: at least.", p => p.LossBytes),
        new("more_advanced_site", "Site whose copy is further; null when this one is the most advanced.", p => p.MoreAdvancedSite),
        new("behind_writes", "How many writes it is behind that one.", p => p.BehindWrites),
        new("behind_seconds", "How many seconds its recovery point is older.", p => p.BehindSeconds),
        new("heard_at", "When the primary was last heard there.", p => p.HeardAt),
        new("known_at", "When all this was true.", p => p.KnownAt),
        new("summary", "The loss in a sentence.", p => p.Summary),
        new("refusal", "Why it would be refused; null when it would be carried out.", p => p.Refusal is { } r ? $"{r.Message} {r.NextStep}".Trim() : null));
}
