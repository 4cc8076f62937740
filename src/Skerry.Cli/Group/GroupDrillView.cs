using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Group;

internal static class GroupDrillView
{
    public static readonly View<GroupDrillRecord> Drill = new(
        "group-drill",
        OutputJson.Default.GroupDrillRecord,
        new("id", "UUID.", d => d.Id),
        new("group_id", "Group that it is a drill of.", d => d.GroupId, IsBrief: false),
        new("group_name", "Name of that group.", d => d.GroupName),
        new("site", "Site that serves it.", d => d.Site),
        new("status", "creating, available, error …", d => d.Status),
        new("reason", "Why it is in error.", d => d.Reason, IsBrief: false),
        new("cut_id", "The cut that all its clones are of.", d => d.CutId, IsBrief: false),
        new("cut_at", "When that was, by the primary's clock.", d => d.CutAt),
        new("volumes", "Names of the volumes.", d => d.Drills.Select(m => m.VolumeName ?? m.VolumeId).ToList()),
        new("drill_ids", "In that order, the UUID of each clone, for `skerry volume connect` at its site.", d => d.Drills.Select(m => m.Id).ToList(), IsBrief: false),
        new("started_at", "When it was asked for.", d => d.StartedAt, IsBrief: false),
        new("ends_at", "When it is dropped by itself.", d => d.EndsAt),
        new("made_by", "Who asked.", d => d.MadeBy, IsBrief: false));
}
