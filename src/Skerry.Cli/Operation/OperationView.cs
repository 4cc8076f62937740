using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Operation;

internal static class OperationView
{
    /// <summary>What is printed where there was nothing to do: the same shape, of no operation.</summary>
    public static OperationRecord Nothing(string kind, string entityKind, string entityId, string site, string reason) => new(
        null!, kind, entityKind, entityId, site, "succeeded", reason, null, null, null, null, null, null, null, false, null, null);

    public static readonly View<OperationRecord> Operation = new(
        "operation",
        OutputJson.Default.OperationRecord,
        new("id", "UUID; null when there was nothing to do.", o => o.Id),
        new("kind", "What is to be done: volume.create, volume.failover …", o => o.Kind),
        new("entity_kind", "Kind of the thing that it is done to.", o => o.EntityKind, IsBrief: false),
        new("entity_id", "Id of that thing.", o => o.EntityId),
        new("target_site", "Site that carries it out.", o => o.TargetSite),
        new("status", "queued, running, succeeded, failed, expired, discarded or cancelled.", o => o.Status),
        new("reason", "Why it is in this status.", o => o.Reason),
        new("refusal_kind", "Of one that its site refused, with nothing changed: state, conflict, quota …", o => o.Refusal?.Kind, IsBrief: false),
        new("stage", "How far it has come, for kinds that have stages.", o => o.Progress?.Stage, IsBrief: false),
        new("stage_since", "When that stage began.", o => o.Progress?.Since, IsBrief: false),
        new("can_abort", "Whether a cancellation is still obeyed while it runs.", o => o.Progress?.CanAbort, IsBrief: false),
        new("abort_until", "The stage that ends that as it begins.", o => o.Progress?.AbortUntil, IsBrief: false),
        new("made_at", "When it was ordered.", o => o.MadeAt),
        new("made_by", "Who ordered it.", o => o.MadeBy, IsBrief: false),
        new("started_at", "When its site took it up.", o => o.StartedAt, IsBrief: false),
        new("finished_at", "When it was over.", o => o.FinishedAt, IsBrief: false),
        new("deadline", "When it expires.", o => o.Deadline, IsBrief: false),
        new("priority", "Higher goes first.", o => o.Priority, IsBrief: false),
        new("depends_on", "Operations that must succeed first.", o => o.DependsOn ?? [], IsBrief: false),
        new("cancel_requested", "Whether somebody asked to cancel it.", o => o.CancelRequested, IsBrief: false),
        new("parameters", "What was asked for.", o => o.Parameters, IsBrief: false),
        new("result", "What came of it.", o => o.Result, IsBrief: false));
}
