using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain;
using Skerry.Domain.Groups;
using Skerry.Domain.Recovery;

namespace Skerry.Api.Native;

/// <summary>Failovers that are only tried. For administrators.</summary>
internal static class DrillsApi
{
    public static void MapDrills(this RouteGroupBuilder api)
    {
        api.MapPost("/volumes/{id}/drills", StartAsync).WithTags("recovery").WithSummary("Try a failover with a clone of a replica")
            .Accepts<DrillStartRequest>("application/json").Produces<DrillReply>(202);
        var drills = api.MapGroup("/drills").WithTags("recovery");
        drills.MapGet("", List).WithSummary("List drills").Produces<DrillList>();
        drills.MapGet("/{id}", Show).WithSummary("Show a drill").Produces<DrillReply>();
        drills.MapDelete("/{id}", StopAsync).WithSummary("Drop a drill with what was written to it").Produces<DrillReply>(202);
        api.MapPost("/groups/{id}/drills", StartOfGroupAsync).WithTags("groups").WithSummary("Try a failover of a group with clones of its replicas at one cut")
            .Accepts<GroupDrillStartRequest>("application/json").Produces<GroupDrillReply>(202);
        var ofGroups = api.MapGroup("/group-drills").WithTags("groups");
        ofGroups.MapGet("", ListOfGroups).WithSummary("List drills of groups").Produces<GroupDrillList>();
        ofGroups.MapGet("/{id}", ShowOfGroup).WithSummary("Show a drill of a group").Produces<GroupDrillReply>();
        ofGroups.MapDelete("/{id}", StopOfGroupAsync).WithSummary("Drop all clones of a group's drill").Produces<GroupDrillReply>(202);
    }

    private static IResult ListOfGroups(Caller caller, HttpRequest request, GroupDrillService drills, SiteLabels labels, string? group) =>
        Pages.Answer(
            request,
            drills.List(caller.Actor, group),
            drill => drill.Id,
            drill => GroupRecords.Of(drill, labels),
            (items, links) => new GroupDrillList(items, links),
            SkerryJson.Default.GroupDrillList);

    private static async Task<IResult> StartOfGroupAsync(
        Caller caller, string id, JsonBody body, GroupDrillService drills, SiteLabels labels, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("cut_id", "limit_seconds");
        var request = new StartGroupDrillRequest(id, fields.Text("cut_id"), fields.Integer("limit_seconds"));
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply(await drills.StartAsync(caller.Actor, request, cancellationToken), labels);
    }

    private static IResult ShowOfGroup(Caller caller, string id, GroupDrillService drills, SiteLabels labels) =>
        Reply(drills.Show(caller.Actor, id), labels);

    private static async Task<IResult> StopOfGroupAsync(
        Caller caller, string id, GroupDrillService drills, SiteLabels labels, CancellationToken cancellationToken) =>
        Reply(await drills.StopAsync(caller.Actor, id, cancellationToken), labels);

    private static IResult List(Caller caller, HttpRequest request, DrillService drills, SiteLabels labels, string? volume_id) =>
        Pages.Answer(
            request,
            drills.List(caller.Actor, volume_id),
            drill => drill.Id,
            drill => ReplicationRecords.Of(drill, labels),
            (items, links) => new DrillList(items, links),
            SkerryJson.Default.DrillList);

    private static async Task<IResult> StartAsync(
        Caller caller, string id, JsonBody body, DrillService drills, SiteLabels labels, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("site", "limit_seconds");
        var request = new StartDrillRequest(id, fields.Text("site"), fields.Integer("limit_seconds"));
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply(await drills.StartAsync(caller.Actor, request, cancellationToken), labels);
    }

    private static IResult Show(Caller caller, string id, DrillService drills, SiteLabels labels) =>
        Reply(drills.Show(caller.Actor, id), labels);

    private static async Task<IResult> StopAsync(
        Caller caller, string id, DrillService drills, SiteLabels labels, CancellationToken cancellationToken) =>
        Reply(await drills.StopAsync(caller.Actor, id, cancellationToken), labels);

    private static IResult Reply(Outcome<Drill> outcome, SiteLabels labels) =>
        Answer.From(
            outcome, drill => new DrillReply(ReplicationRecords.Of(drill, labels), outcome.OperationId), SkerryJson.Default.DrillReply);

    private static IResult Reply(Outcome<GroupDrill> outcome, SiteLabels labels) =>
        Answer.From(
            outcome, drill => new GroupDrillReply(GroupRecords.Of(drill, labels), outcome.OperationId), SkerryJson.Default.GroupDrillReply);
}
