using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain;
using Skerry.Domain.Volumes;

namespace Skerry.Api.OpenStack.BlockStorage;

internal static class SnapshotsApi
{
    private static readonly string[] Filters = ["name", "name~", "status", "volume_id", "project_id"];

    private static readonly string[] SortKeys = ["id", "name", "display_name", "size", "status", "created_at", "updated_at", "volume_id"];

    public static void MapSnapshots(this RouteGroupBuilder v3)
    {
        v3.MapRead("/snapshots", (HttpContext context, Caller caller, Microversion? version, SnapshotService snapshots) =>
            List(context, caller, version!.Value, snapshots, isDetailed: false));
        v3.MapRead("/snapshots/detail", (HttpContext context, Caller caller, Microversion? version, SnapshotService snapshots) =>
            List(context, caller, version!.Value, snapshots, isDetailed: true));
        v3.MapPost("/snapshots", CreateAsync);
        v3.MapRead("/snapshots/{id}", Show);
        v3.MapPut("/snapshots/{id}", UpdateAsync);
        v3.MapDelete("/snapshots/{id}", DeleteAsync);
        v3.MapPost("/snapshots/{id}/action", ActAsync);
    }

    private static IResult List(
        HttpContext context, Caller caller, Microversion version, SnapshotService snapshots, bool isDetailed)
    {
        var query = ListQuery.Of(context.Request, version, Filters, SortKeys);
        if (query.Refusal is { } refusal)
        {
            return new Fault(refusal);
        }

        var asked = query.Value;
        var filter = new SnapshotFilter
        {
            AllProjects = asked.AllProjects,
            VolumeId = asked["volume_id"],
            Name = asked["name"],
            Status = asked["status"],
        };
        var found = snapshots.List(caller.Actor, filter)
            .Where(snapshot => (asked["name~"] is not { } part || snapshot.Name.Contains(part, StringComparison.OrdinalIgnoreCase))
                && (asked["project_id"] is not { } projectId || snapshot.ProjectId == projectId));
        return Reply.From(
            asked.Paging.Cut(asked.Order(found, SortField), snapshot => snapshot.Id),
            StatusCodes.Status200OK,
            page =>
            {
                var body = page.ToJson(
                    context.Request, "snapshots", snapshot => Shape(version, snapshot, isDetailed), snapshot => snapshot.Id);
                if (asked.WithCount)
                {
                    body["count"] = page.Total;
                }

                return body;
            });
    }

    private static IResult Show(string id, Caller caller, Microversion? version, SnapshotService snapshots) =>
        Reply.From(snapshots.Show(caller.Actor, id), StatusCodes.Status200OK, Envelope(version!.Value));

    private static async Task<IResult> CreateAsync(
        JsonBody body, Caller caller, Microversion? version, SnapshotService snapshots, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var request = VolumeRequests.CreateSnapshot(body, version!.Value);
        return request.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await snapshots.CreateAsync(caller.Actor, request.Value, cancellationToken),
                StatusCodes.Status202Accepted,
                Envelope(version.Value));
    }

    private static async Task<IResult> UpdateAsync(
        string id, JsonBody body, Caller caller, Microversion? version, SnapshotService snapshots, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var request = VolumeRequests.Update(body.Envelope("snapshot"));
        return request.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await snapshots.UpdateAsync(caller.Actor, id, request.Value, cancellationToken),
                StatusCodes.Status200OK,
                Envelope(version!.Value));
    }

    private static async Task<IResult> DeleteAsync(
        string id, Caller caller, SnapshotService snapshots, CancellationToken cancellationToken) =>
        Reply.From(await snapshots.DeleteAsync(caller.Actor, id, cancellationToken), StatusCodes.Status202Accepted);

    private static async Task<IResult> ActAsync(
        string id, JsonBody body, Caller caller, SnapshotService snapshots, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        if (body.Action() is not ("os-reset_status", var fields))
        {
            return new Fault(Refusal.Invalid("action", "Snapshots know one action: os-reset_status."));
        }

        var status = fields.Text("status", required: true) ?? "";
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await snapshots.ResetStatusAsync(caller.Actor, id, status, cancellationToken), StatusCodes.Status202Accepted);
    }

    private static IComparable? SortField(Snapshot snapshot, string key) => key switch
    {
        "name" or "display_name" => snapshot.Name,
        "size" => snapshot.SizeGib,
        "status" => snapshot.Status,
        "created_at" => snapshot.CreatedAt,
        "updated_at" => snapshot.UpdatedAt ?? snapshot.CreatedAt,
        "volume_id" => snapshot.VolumeId,
        _ => snapshot.Id,
    };

    private static Func<Snapshot, JsonObject> Envelope(Microversion version) =>
        snapshot => new JsonObject { ["snapshot"] = Shape(version, snapshot, isDetailed: true) };

    private static JsonObject Shape(Microversion version, Snapshot snapshot, bool isDetailed)
    {
        var shape = new JsonObject
        {
            ["id"] = snapshot.Id,
            ["name"] = BlockStorageShapes.TextOrNull(snapshot.Name),
            ["description"] = BlockStorageShapes.TextOrNull(snapshot.Description),
            ["volume_id"] = snapshot.VolumeId,
            ["status"] = snapshot.Status,
            ["size"] = snapshot.SizeGib,
            ["created_at"] = BlockStorageShapes.Time(snapshot.CreatedAt),
            ["updated_at"] = BlockStorageShapes.UpdateTime(snapshot.CreatedAt, snapshot.UpdatedAt),
            ["metadata"] = BlockStorageShapes.Map(snapshot.Metadata),
        };
        if (version.IsAtLeast(41))
        {
            shape["user_id"] = snapshot.UserId;
        }

        if (version.IsAtLeast(65))
        {
            shape["consumes_quota"] = true;
        }

        if (isDetailed)
        {
            shape["os-extended-snapshot-attributes:project_id"] = snapshot.ProjectId;
            shape["os-extended-snapshot-attributes:progress"] = snapshot.Status == VolumeStatus.Creating ? "0%" : "100%";
            if (version.IsAtLeast(14))
            {
                shape["group_snapshot_id"] = null;
            }
        }

        return shape;
    }
}
