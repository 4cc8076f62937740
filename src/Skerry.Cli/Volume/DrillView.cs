using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Volume;

internal static class DrillView
{
    public static readonly View<DrillRecord> Drill = new(
        "drill",
        OutputJson.Default.DrillRecord,
        new("id", "UUID, for `skerry volume connect` at its site.", d => d.Id),
        new("volume_id", "Volume that it is a drill of.", d => d.VolumeId, IsBrief: false),
        new("volume_name", "Name of that volume.", d => d.VolumeName),
        new("site", "Site that serves it.", d => d.Site),
        new("status", "creating, available, error …", d => d.Status),
        new("reason", "Why it is in error.", d => d.Reason, IsBrief: false),
        new("recovery_point_at", "When the primary's disk was in the state that it began with, or in an earlier one.", d => d.RecoveryPoint?.TakenAt),
        new("number", "Number of the last write in that state.", d => d.Number, IsBrief: false),
        new("started_at", "When it was asked for.", d => d.StartedAt, IsBrief: false),
        new("ends_at", "When it is dropped by itself.", d => d.EndsAt),
        new("made_by", "Who asked.", d => d.MadeBy, IsBrief: false));
}
