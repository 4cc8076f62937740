using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain;
using Skerry.Domain.Replication;

namespace Skerry.Api.Native;

/// <summary>Relations of volumes with their replicas. For administrators.</summary>
internal static class ReplicationsApi
{
    private static readonly string[] SettingNames =
    [
        "mode", "interval_seconds", "start_at", "at", "days", "time_zone", "keep_source", "keep_target", "on_return", "ack", "on_isolation", "failover",
    ];

    public static void MapReplications(this RouteGroupBuilder api)
    {
        var replications = api.MapGroup("/replications").WithTags("replications");
        replications.MapGet("", List).WithSummary("List replications").Produces<ReplicationList>();
        replications.MapPost("", CreateAsync).WithSummary("Keep a replica of a volume")
            .Accepts<ReplicationCreateRequest>("application/json").Produces<ReplicationReply>(201);
        replications.MapGet("/{id}", Show).WithSummary("Show a replication").Produces<ReplicationReply>();
        replications.MapGet("/{id}/history", History).WithSummary("Show the last transfers of a replication that this site saw")
            .Produces<ReplicationHistory>();
        replications.MapPatch("/{id}", UpdateAsync).WithSummary("Change a replication")
            .Accepts<ReplicationSettingsRequest>("application/json").Produces<ReplicationReply>();
        replications.MapDelete("/{id}", DeleteAsync).WithSummary("End a replication").Produces<ReplicationReply>();
        replications.MapPost("/{id}/sync", SyncAsync).WithSummary("Bring the replica up to now").Produces<ReplicationReply>();
        replications.MapPost("/{id}/retarget", RetargetAsync).WithSummary("Move the replica to another site")
            .Accepts<ReplicationRetargetRequest>("application/json").Produces<ReplicationReply>();
        replications.MapPost("/{id}/pause", PauseAsync).WithSummary("Stop shipping").Produces<ReplicationReply>();
        replications.MapPost("/{id}/resume", ResumeAsync).WithSummary("Go on shipping").Produces<ReplicationReply>();
    }

    private static IResult List(
        Caller caller, HttpRequest request, ReplicationService replications, SiteLabels labels, string? volume_id) =>
        Pages.Answer(
            request,
            replications.List(caller.Actor, volume_id),
            replication => replication.Id,
            replication => ReplicationRecords.Of(replication, labels),
            (items, links) => new ReplicationList(items, links),
            SkerryJson.Default.ReplicationList);

    private static async Task<IResult> CreateAsync(
        Caller caller, JsonBody body, ReplicationService replications, SiteLabels labels, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow(["volume_id", "target_site", "target_backend", "from_site", "adopt", "ciphertext_only", .. SettingNames]);
        var request = new CreateReplicationRequest(
            fields.Text("volume_id", required: true) ?? "", fields.Text("target_site", required: true) ?? "", fields.Text("target_backend"))
        {
            Settings = Settings(fields),
            FromSite = fields.Text("from_site"),
            Adopt = fields.Text("adopt"),
            IsCiphertextOnly = fields.Flag("ciphertext_only") ?? false,
        };
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply(await replications.CreateAsync(caller.Actor, request, cancellationToken), labels, StatusCodes.Status201Created);
    }

    private static ReplicationSettings Settings(JsonFields fields) => new()
    {
        Mode = fields.Text("mode"),
        IntervalSeconds = fields.Integer("interval_seconds"),
        StartAt = fields.Instant("start_at"),
        At = fields.Text("at"),
        Days = fields.Text("days"),
        TimeZone = fields.Text("time_zone"),
        KeepSource = fields.Text("keep_source"),
        KeepTarget = fields.Text("keep_target"),
        OnReturn = fields.Text("on_return"),
        Ack = fields.Text("ack"),
        OnIsolation = fields.Text("on_isolation"),
        Failover = fields.Text("failover"),
    };

    private static IResult Show(Caller caller, string id, ReplicationService replications, SiteLabels labels) =>
        Reply(replications.Show(caller.Actor, id), labels);

    private static async Task<IResult> RetargetAsync(
        Caller caller, string id, JsonBody body, ReplicationService replications, SiteLabels labels, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("target_site", "target_backend");
        var request = new RetargetReplicationRequest(fields.Text("target_site", required: true) ?? "", fields.Text("target_backend"));
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply(await replications.RetargetAsync(caller.Actor, id, request, cancellationToken), labels);
    }

    private static IResult History(Caller caller, string id, ReplicationService replications, SiteContext site)
    {
        var history = replications.History(caller.Actor, id);
        return history.Refusal is { } refusal
            ? new Fault(refusal)
            : Answer.Of(
                new ReplicationHistory(site.SiteName, [.. history.Value.Select(ReplicationRecords.Of)]), SkerryJson.Default.ReplicationHistory);
    }

    private static async Task<IResult> UpdateAsync(
        Caller caller, string id, JsonBody body, ReplicationService replications, SiteLabels labels, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow(SettingNames);
        var settings = Settings(fields);
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply(await replications.SetAsync(caller.Actor, id, settings, cancellationToken), labels);
    }

    /// <summary>Answers with the relation as it was.</summary>
    private static async Task<IResult> DeleteAsync(
        Caller caller, string id, ReplicationService replications, SiteLabels labels, CancellationToken cancellationToken)
    {
        var before = replications.Show(caller.Actor, id);
        if (before.IsRefused)
        {
            return Reply(before, labels);
        }

        var deleted = await replications.DeleteAsync(caller.Actor, id, cancellationToken);
        return deleted.Refusal is { } refusal ? new Fault(refusal) : Reply(before, labels);
    }

    private static async Task<IResult> SyncAsync(
        Caller caller, string id, ReplicationService replications, SiteLabels labels, CancellationToken cancellationToken) =>
        Reply(await replications.SyncAsync(caller.Actor, id, cancellationToken), labels);

    private static async Task<IResult> PauseAsync(
        Caller caller, string id, ReplicationService replications, SiteLabels labels, CancellationToken cancellationToken) =>
        Reply(await replications.PauseAsync(caller.Actor, id, cancellationToken), labels);

    private static async Task<IResult> ResumeAsync(
        Caller caller, string id, ReplicationService replications, SiteLabels labels, CancellationToken cancellationToken) =>
        Reply(await replications.ResumeAsync(caller.Actor, id, cancellationToken), labels);

    private static IResult Reply(Outcome<ReplicationView> outcome, SiteLabels labels, int status = StatusCodes.Status200OK) =>
        Answer.From(
            outcome,
            replication => new ReplicationReply(ReplicationRecords.Of(replication, labels), outcome.OperationId),
            SkerryJson.Default.ReplicationReply,
            status);
}
