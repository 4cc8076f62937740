using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain.Volumes;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>Quotas of projects, and the caller's own as limits. Of what is not served (backups, groups) nothing may be made: 0.</summary>
internal static class QuotaSetsApi
{
    private static readonly string[] Unserved = ["backups", "backup_gigabytes", "groups"];

    public static void MapQuotaSets(this RouteGroupBuilder v3)
    {
        v3.MapRead("/os-quota-sets/{target}", Show);
        v3.MapRead("/os-quota-sets/{target}/defaults", (string target, Caller _, QuotaService quotas) =>
            Reply.Ok(Envelope(quotas.Defaults(target), withUse: false)));
        v3.MapPut("/os-quota-sets/{target}", SetAsync);
        v3.MapDelete("/os-quota-sets/{target}", async (
            string target, Caller caller, QuotaService quotas, CancellationToken cancellationToken) =>
            Reply.From(await quotas.ResetAsync(caller.Actor, target, cancellationToken), StatusCodes.Status200OK));
        v3.MapRead("/limits", Limits);
    }

    private static IResult Show(HttpContext context, string target, Caller caller, QuotaService quotas)
    {
        var withUse = context.Request.Query["usage"].ToString().Equals("true", StringComparison.OrdinalIgnoreCase);
        return Reply.From(quotas.Show(caller.Actor, target), StatusCodes.Status200OK, quota => Envelope(quota, withUse));
    }

    private static async Task<IResult> SetAsync(
        string target, JsonBody body, Caller caller, QuotaService quotas, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Envelope("quota_set");
        fields.Allow("volumes", "gigabytes", "snapshots", "tenant_id", "force");
        var change = new QuotaChange
        {
            Volumes = fields.Integer("volumes"),
            Gigabytes = fields.Integer("gigabytes"),
            Snapshots = fields.Integer("snapshots"),
        };
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await quotas.SetAsync(caller.Actor, target, change, cancellationToken),
                StatusCodes.Status200OK,
                quota =>
                {
                    var body = Envelope(quota, withUse: false);
                    body["quota_set"]!.AsObject().Remove("id");
                    return body;
                });
    }

    private static IResult Limits(HttpContext context, Caller caller, QuotaService quotas)
    {
        string? asked = context.Request.Query["project_id"];
        var projectId = string.IsNullOrEmpty(asked) || !caller.Actor.IsAdmin ? caller.Actor.ProjectId! : asked;
        return Reply.From(quotas.Show(caller.Actor, projectId), StatusCodes.Status200OK, quota => new JsonObject
        {
            ["limits"] = new JsonObject
            {
                ["rate"] = new JsonArray(),
                ["absolute"] = new JsonObject
                {
                    ["maxTotalVolumes"] = quota.Volumes.Limit,
                    ["totalVolumesUsed"] = quota.Volumes.Used,
                    ["maxTotalVolumeGigabytes"] = quota.Gigabytes.Limit,
                    ["totalGigabytesUsed"] = quota.Gigabytes.Used,
                    ["maxTotalSnapshots"] = quota.Snapshots.Limit,
                    ["totalSnapshotsUsed"] = quota.Snapshots.Used,
                    ["maxTotalBackups"] = 0,
                    ["totalBackupsUsed"] = 0,
                    ["maxTotalBackupGigabytes"] = 0,
                    ["totalBackupGigabytesUsed"] = 0,
                },
            },
        });
    }

    private static JsonObject Envelope(ProjectQuota quota, bool withUse)
    {
        JsonNode Shape(QuotaUse use) => withUse
            ? new JsonObject { ["limit"] = use.Limit, ["in_use"] = use.Used, ["reserved"] = 0, ["allocated"] = 0 }
            : use.Limit;

        var set = new JsonObject
        {
            ["id"] = quota.ProjectId,
            ["volumes"] = Shape(quota.Volumes),
            ["gigabytes"] = Shape(quota.Gigabytes),
            ["snapshots"] = Shape(quota.Snapshots),
            ["per_volume_gigabytes"] = Shape(new QuotaUse(QuotaUse.Unlimited, 0)),
        };
        foreach (var name in Unserved)
        {
            set[name] = Shape(new QuotaUse(0, 0));
        }

        return new JsonObject { ["quota_set"] = set };
    }
}
