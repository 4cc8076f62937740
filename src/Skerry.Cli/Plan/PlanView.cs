using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Plan;

internal static class PlanView
{
    public static readonly View<PlanRecord> Plan = new(
        "plan",
        OutputJson.Default.PlanRecord,
        new("name", "Name.", p => p.Name),
        new("site", "Site that it is for.", p => p.Site),
        new("to", "Where to; null for where each volume has its replica.", p => p.To),
        new("parallel", "How many groups and volumes move side by side.", p => p.Parallel),
        new("steps", "What moves, in order.", p => p.Steps.Select(Text).ToList()),
        new("skip", "What stays.", p => p.Skip.ToList()),
        new("rest", "last or skip: what becomes of what no step names.", p => p.Rest),
        new("on_failure", "continue or stop: whether later steps begin when something failed.", p => p.OnFailure));

    public static readonly View<MoveLineRecord> Line = new(
        "move",
        OutputJson.Default.MoveLineRecord,
        new("step", "When, counted from 0; a step begins when the one before is over.", l => l.Step),
        new("volume_id", "Volume.", l => l.VolumeId, IsBrief: false),
        new("volume_name", "Its name.", l => l.VolumeName ?? l.VolumeId),
        new("group_id", "The group that it moves with; null when alone.", l => l.GroupId, IsBrief: false),
        new("to_site", "Where to.", l => l.ToSite),
        new("state", "waiting, moving, done, failed or skipped.", l => l.State),
        new("owed_bytes", "What its primary owed.", l => l.OwedBytes),
        new("loss_seconds", "The age of the state that was, or would be, promoted; 0 for a planned move.", l => l.LossSeconds),
        new("generation", "In which it is primary now.", l => l.Generation),
        new("number", "The write at which that generation forked.", l => l.Number, IsBrief: false),
        new("seconds", "How long it took until it was writable, or failed.", l => l.Seconds),
        new("operation_id", "The operation that moves it, or its group.", l => l.OperationId, IsBrief: false),
        new("started_at", "When its move began.", l => l.StartedAt, IsBrief: false),
        new("loss", "What may be lost, in a sentence.", l => l.Loss, IsBrief: false),
        new("reason", "Why it failed, or was left out.", l => l.Reason));

    private static string Text(PlanStepRecord step) =>
        (step.Name is null ? "" : step.Name + ": ") + string.Join(", ", step.Groups.Select(g => "group " + g).Concat(step.Volumes));
}
