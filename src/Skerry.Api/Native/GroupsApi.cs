using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain;
using Skerry.Domain.Groups;
using Skerry.Domain.Replication;

namespace Skerry.Api.Native;

/// <summary>Consistency groups: their members, their replication, and moves of their primary. For administrators.</summary>
internal static class GroupsApi
{
    public static void MapGroups(this RouteGroupBuilder api)
    {
        var groups = api.MapGroup("/groups").WithTags("groups");
        groups.MapGet("", ListAsync).WithSummary("List consistency groups").Produces<GroupList>();
        groups.MapPost("", CreateAsync).WithSummary("Make a consistency group")
            .Accepts<GroupCreateRequest>("application/json").Produces<GroupReply>(201);
        groups.MapGet("/{id}", ShowAsync).WithSummary("Show a consistency group, by id or name").Produces<GroupReply>();
        groups.MapDelete("/{id}", DeleteAsync).WithSummary("End a consistency group; its volumes and replicas stay").Produces(204);
        groups.MapPut("/{id}/volumes/{volume}", AddAsync).WithSummary("Add a volume to a group").Produces<GroupReply>();
        groups.MapDelete("/{id}/volumes/{volume}", RemoveAsync).WithSummary("Take a volume out of a group").Produces<GroupReply>();
        groups.MapPost("/{id}/replicate", ReplicateAsync).WithSummary("Keep replicas of all volumes of a group, cut at one instant")
            .Accepts<GroupReplicateRequest>("application/json").Produces<GroupReply>();
        groups.MapPost("/{id}/sync", SyncAsync).WithSummary("Bring all replicas of a group up to one instant now").Produces<GroupReply>();
        groups.MapGet("/{id}/failover", PreviewAsync).WithSummary("Say what failover of a group would do and may lose").Produces<GroupPreviewReply>();
        groups.MapPost("/{id}/failover/abort", AbortAsync).WithSummary("Undo a planned failover of a group that is under way")
            .Produces<OperationReply>(202);
        foreach (var verb in (string[])["failover", "failback", "promote"])
        {
            groups.MapPost($"/{{id}}/{verb}", (Caller caller, string id, JsonBody body, GroupRecovery recovery, SiteLabels labels, SiteContext site, CancellationToken ct) =>
                    RecoverAsync(verb, caller, id, body, recovery, labels, site, ct))
                .WithSummary($"{char.ToUpperInvariant(verb[0])}{verb[1..]} a group")
                .Accepts<GroupRecoveryRequest>("application/json")
                .Produces<GroupRecoveryReply>(202);
        }
    }

    private static async Task<IResult> ListAsync(
        Caller caller, HttpRequest request, GroupService groups, SiteLabels labels, SiteContext site, CancellationToken cancellationToken) =>
        Pages.Answer(
            request,
            await groups.ListAsync(caller.Actor, cancellationToken),
            group => group.Id,
            group => GroupRecords.Of(group, labels, site.Now),
            (items, links) => new GroupList(items, links),
            SkerryJson.Default.GroupList);

    private static async Task<IResult> CreateAsync(
        Caller caller, JsonBody body, GroupService groups, SiteLabels labels, SiteContext site, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("name", "volume_ids");
        var (name, volumeIds) = (fields.Text("name", required: true) ?? "", fields.TextList("volume_ids") ?? []);
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply(await groups.CreateAsync(caller.Actor, name, volumeIds, cancellationToken), labels, site, StatusCodes.Status201Created);
    }

    private static async Task<IResult> ShowAsync(
        Caller caller, string id, GroupService groups, SiteLabels labels, SiteContext site, CancellationToken cancellationToken) =>
        Reply(await groups.ShowAsync(caller.Actor, id, cancellationToken), labels, site);

    private static async Task<IResult> DeleteAsync(Caller caller, string id, GroupService groups, CancellationToken cancellationToken) =>
        Answer.Empty(await groups.DeleteAsync(caller.Actor, id, cancellationToken));

    private static async Task<IResult> AddAsync(
        Caller caller, string id, string volume, GroupService groups, SiteLabels labels, SiteContext site, CancellationToken cancellationToken) =>
        Reply(await groups.AddAsync(caller.Actor, id, volume, cancellationToken), labels, site);

    private static async Task<IResult> RemoveAsync(
        Caller caller, string id, string volume, GroupService groups, SiteLabels labels, SiteContext site, CancellationToken cancellationToken) =>
        Reply(await groups.RemoveAsync(caller.Actor, id, volume, cancellationToken), labels, site);

    private static async Task<IResult> SyncAsync(
        Caller caller, string id, GroupService groups, SiteLabels labels, SiteContext site, CancellationToken cancellationToken) =>
        Reply(await groups.SyncAsync(caller.Actor, id, cancellationToken), labels, site);

    private static async Task<IResult> ReplicateAsync(
        Caller caller, string id, JsonBody body, GroupService groups, SiteLabels labels, SiteContext site, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("target_site", "target_backend", "mode", "interval_seconds", "start_at", "on_return", "cut_interval_seconds", "keep_source", "keep_target");
        var request = new ReplicateGroupRequest(
            fields.Text("target_site", required: true) ?? "",
            fields.Text("target_backend"),
            fields.Text("mode") ?? ReplicationModes.Instant,
            fields.Integer("interval_seconds"),
            fields.Instant("start_at"),
            fields.Text("on_return") ?? ReturnPolicies.Resync,
            fields.Integer("cut_interval_seconds"))
        {
            KeepSource = fields.Text("keep_source"),
            KeepTarget = fields.Text("keep_target"),
        };
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply(await groups.ReplicateAsync(caller.Actor, id, request, cancellationToken), labels, site);
    }

    private static async Task<IResult> PreviewAsync(
        Caller caller, string id, string? to, string? force, string? allow_missing, string? cut_id, GroupRecovery recovery, SiteLabels labels, SiteContext site,
        CancellationToken cancellationToken)
    {
        var (isForced, allows) = (QueryFlag.Parse(nameof(force), force), QueryFlag.Parse(nameof(allow_missing), allow_missing));
        return (isForced.Refusal ?? allows.Refusal) is { } refusal
            ? new Fault(refusal)
            : Answer.From(
                await recovery.PreviewAsync(
                    caller.Actor, new GroupMoveRequest(id, to, isForced.Value, Drain: false, allows.Value) { CutId = cut_id }, cancellationToken),
                preview => new GroupPreviewReply(GroupRecords.Of(preview, labels, site.Now)),
                SkerryJson.Default.GroupPreviewReply);
    }

    private static async Task<IResult> AbortAsync(
        Caller caller, string id, GroupRecovery recovery, SiteLabels labels, CancellationToken cancellationToken)
    {
        var outcome = await recovery.AbortAsync(caller.Actor, id, cancellationToken);
        return Answer.From(
            outcome, operation => new OperationReply(OperationsApi.Of(operation, labels)), SkerryJson.Default.OperationReply);
    }

    private static async Task<IResult> RecoverAsync(
        string verb, Caller caller, string id, JsonBody body, GroupRecovery recovery, SiteLabels labels, SiteContext site,
        CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("to", "force", "drain", "allow_missing", "no_fence", "cut_id");
        var request = new GroupMoveRequest(
            id, fields.Text("to"), fields.Flag("force") ?? false, fields.Flag("drain") ?? false, fields.Flag("allow_missing") ?? false)
        {
            WithoutFence = fields.Flag("no_fence") ?? false,
            CutId = fields.Text("cut_id"),
        };
        if (request.WithoutFence && !request.IsForced)
        {
            fields.Fail("no_fence", "no_fence goes with force only: nothing else has the old primaries fenced.");
        }

        if (request.AllowMissing && !request.IsForced)
        {
            fields.Fail("allow_missing", "allow_missing goes with force: a planned move has every member wait for its last write.");
        }

        if (verb == "promote" && !request.IsForced)
        {
            fields.Fail("force", "promote of a group is by force, at its recovery point; failover moves it with nothing lost.");
        }

        if (fields.Refusal is { } refusal)
        {
            return new Fault(refusal);
        }

        var outcome = verb == "failback"
            ? await recovery.FailbackAsync(caller.Actor, request, cancellationToken)
            : await recovery.FailoverAsync(caller.Actor, request, cancellationToken);
        return outcome.Refusal is { } refused
            ? new Fault(refused)
            : Answer.Of(
                new GroupRecoveryReply(
                    outcome.Value.GroupId, outcome.Value.OperationId, labels.Of(outcome.Value.Site), GroupRecords.Of(outcome.Value.Preview, labels, site.Now)),
                SkerryJson.Default.GroupRecoveryReply,
                operationId: outcome.Value.OperationId);
    }

    private static IResult Reply(Outcome<GroupView> outcome, SiteLabels labels, SiteContext site, int status = StatusCodes.Status200OK) =>
        Answer.From(outcome, group => new GroupReply(GroupRecords.Of(group, labels, site.Now)), SkerryJson.Default.GroupReply, status);
}
