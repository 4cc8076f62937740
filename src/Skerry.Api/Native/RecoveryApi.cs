using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain.Recovery;

namespace Skerry.Api.Native;

/// <summary>
/// Moves a volume's primary. A GET says what the POST of the same name would do and may lose, and changes nothing.
/// </summary>
internal static class RecoveryApi
{
    public static void MapRecovery(this RouteGroupBuilder api)
    {
        var volume = api.MapGroup("/volumes/{id}").WithTags("recovery");
        foreach (var verb in (string[])["failover", "promote"])
        {
            volume.MapGet($"/{verb}", PreviewAsync).WithSummary($"Say what {verb} would do and may lose").Produces<RecoveryPreviewReply>();
        }

        foreach (var verb in (string[])["failover", "failback", "promote", "demote", "resync"])
        {
            volume.MapPost($"/{verb}", (Caller caller, string id, JsonBody body, RecoveryService recovery, SiteLabels labels, CancellationToken ct) =>
                    RecoverAsync(verb, caller, id, body, recovery, labels, ct))
                .WithSummary($"{char.ToUpperInvariant(verb[0])}{verb[1..]} a volume")
                .Accepts<RecoveryRequest>("application/json")
                .Produces<RecoveryReply>(202);
        }

        volume.MapPost("/failover/abort", AbortAsync).WithSummary("Undo a planned failover that is under way").Produces<RecoveryReply>(202);
    }

    private static async Task<IResult> AbortAsync(
        Caller caller, string id, RecoveryService recovery, SiteLabels labels, CancellationToken cancellationToken)
    {
        var outcome = await recovery.AbortAsync(caller.Actor, id, cancellationToken);
        return Answer.From(outcome, ticket => ReplicationRecords.Of(ticket, labels), SkerryJson.Default.RecoveryReply);
    }

    private static async Task<IResult> PreviewAsync(
        Caller caller, string id, string? to, string? force, string? snapshot_id, RecoveryService recovery, SiteLabels labels, CancellationToken cancellationToken)
    {
        var isForced = QueryFlag.Parse(nameof(force), force);
        return isForced.Refusal is { } refusal
            ? new Fault(refusal)
            : Answer.From(
                await recovery.PreviewAsync(caller.Actor, new FailoverRequest(id, to, isForced.Value) { SnapshotId = snapshot_id }, cancellationToken),
                preview => new RecoveryPreviewReply(ReplicationRecords.Of(preview, labels)),
                SkerryJson.Default.RecoveryPreviewReply);
    }

    private static async Task<IResult> RecoverAsync(
        string verb, Caller caller, string id, JsonBody body, RecoveryService recovery, SiteLabels labels, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("to", "force", "drain", "no_fence", "snapshot_id");
        var to = fields.Text("to");
        var force = fields.Flag("force") ?? false;
        var drain = fields.Flag("drain") ?? false;
        if (force && verb is not ("failover" or "promote"))
        {
            fields.Fail("force", $"force does not go with {verb}; it goes with failover and promote.");
        }

        var noFence = fields.Flag("no_fence") ?? false;
        if (noFence && !force)
        {
            fields.Fail("no_fence", "no_fence goes with force only: nothing else has the old primary fenced.");
        }

        var snapshotId = fields.Text("snapshot_id");
        if (snapshotId is not null && !force)
        {
            fields.Fail("snapshot_id", "snapshot_id goes with force only: a planned move loses nothing.");
        }

        if (to is not null && verb == "demote")
        {
            fields.Fail("to", "to does not go with demote, which has no successor.");
        }

        if (fields.Refusal is { } refusal)
        {
            return new Fault(refusal);
        }

        var actor = caller.Actor;
        var outcome = verb switch
        {
            "failover" => await recovery.FailoverAsync(actor, new FailoverRequest(id, to, force, drain) { WithoutFence = noFence, SnapshotId = snapshotId }, cancellationToken),
            "failback" => await recovery.FailbackAsync(actor, new FailoverRequest(id, to, IsForced: false, drain), cancellationToken),
            "promote" => await recovery.PromoteAsync(actor, new PromoteRequest(id, to, force) { WithoutFence = noFence, SnapshotId = snapshotId }, cancellationToken),
            "demote" => await recovery.DemoteAsync(actor, new DemoteRequest(id, drain), cancellationToken),
            _ => await recovery.ResyncAsync(actor, new ResyncRequest(id, to), cancellationToken),
        };
        return outcome.Refusal is { } refused
            ? new Fault(refused)
            : Answer.Of(
                ReplicationRecords.Of(outcome.Value, labels),
                SkerryJson.Default.RecoveryReply,
                operationId: outcome.Value.OperationId);
    }
}
