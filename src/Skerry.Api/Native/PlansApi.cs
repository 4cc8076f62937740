using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain.Recovery;
using SiteMoveRequest = Skerry.Domain.Recovery.SiteMoveRequest;

namespace Skerry.Api.Native;

/// <summary>Recovery plans, and moves of whole sites by them. A GET of a move says what the POST would do, and changes nothing.</summary>
internal static class PlansApi
{
    public static void MapPlans(this RouteGroupBuilder api)
    {
        var plans = api.MapGroup("/plans").WithTags("plans");
        plans.MapGet("", List).WithSummary("List recovery plans").Produces<PlanList>();
        plans.MapGet("/{name}", Show).WithSummary("Show a recovery plan").Produces<PlanReply>();
        plans.MapPut("/{name}", SetAsync).WithSummary("Make or replace a recovery plan")
            .Accepts<PlanSetRequest>("application/json").Produces<PlanReply>();
        plans.MapDelete("/{name}", DeleteAsync).WithSummary("Delete a recovery plan").Produces(204);
        foreach (var verb in (string[])["failover", "failback"])
        {
            var words = verb == "failover" ? "moves everything that is primary at a site elsewhere" : "brings home everything whose home is a site";
            api.MapGet($"/sites/{{site}}/{verb}", (Caller caller, string site, string? to, string? plan, string? force, string? drain, SiteMoves moves, SiteLabels labels, CancellationToken ct) =>
                    PreviewAsync(verb, caller, site, to, plan, force, drain, moves, labels, ct))
                .WithTags("plans").WithSummary($"Say what {verb} of a site would do: it {words}").Produces<SitePreviewReply>();
            api.MapPost($"/sites/{{site}}/{verb}", (Caller caller, string site, JsonBody body, SiteMoves moves, SiteLabels labels, CancellationToken ct) =>
                    MoveAsync(verb, caller, site, body, moves, labels, ct))
                .WithTags("plans").WithSummary($"{char.ToUpperInvariant(verb[0])}{verb[1..]} of a site: {words}")
                .Accepts<Client.Native.Wire.SiteMoveRequest>("application/json").Produces<SiteMoveReply>(202);
        }
    }

    private static IResult List(Caller caller, HttpRequest request, PlanService plans, SiteLabels labels) =>
        Pages.Answer(
            request,
            plans.List(caller.Actor),
            plan => plan.Name,
            plan => GroupRecords.Of(plan, labels),
            (items, links) => new PlanList(items, links),
            SkerryJson.Default.PlanList);

    private static IResult Show(Caller caller, string name, PlanService plans, SiteLabels labels) =>
        Answer.From(plans.Show(caller.Actor, name), plan => new PlanReply(GroupRecords.Of(plan, labels)), SkerryJson.Default.PlanReply);

    private static async Task<IResult> DeleteAsync(Caller caller, string name, PlanService plans, CancellationToken cancellationToken) =>
        Answer.Empty(await plans.DeleteAsync(caller.Actor, name, cancellationToken));

    private static async Task<IResult> SetAsync(
        Caller caller, string name, JsonBody body, PlanService plans, SiteLabels labels, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("site", "to", "parallel", "steps", "skip", "rest", "on_failure");
        var plan = new RecoveryPlan(
            name,
            fields.Text("site", required: true) ?? "",
            fields.Text("to"),
            fields.Integer("parallel") ?? RecoveryPlan.DefaultParallel,
            Steps(fields),
            fields.TextList("skip") ?? [],
            fields.Text("rest") ?? PlanRest.Last,
            fields.Text("on_failure") ?? PlanFailure.Continue);
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Answer.From(
                await plans.SetAsync(caller.Actor, plan, cancellationToken),
                set => new PlanReply(GroupRecords.Of(set, labels)),
                SkerryJson.Default.PlanReply);
    }

    private static IReadOnlyList<RecoveryStep> Steps(JsonFields fields)
    {
        if (fields.Any("steps") is not { } steps || steps.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        if (steps.ValueKind != JsonValueKind.Array)
        {
            fields.Fail("steps", "steps must be a list of steps.");
            return [];
        }

        var read = new List<RecoveryStep>();
        foreach (var element in steps.EnumerateArray())
        {
            var step = new JsonFields(element, $"steps[{read.Count}]");
            step.Allow("name", "groups", "volumes");
            read.Add(new RecoveryStep(step.Text("name"), step.TextList("groups") ?? [], step.TextList("volumes") ?? []));
            if (step.Refusal is { } refusal)
            {
                fields.Fail(refusal.Field ?? "steps", $"Step {read.Count}: {refusal.Message}");
            }
        }

        return read;
    }

    private static async Task<IResult> PreviewAsync(
        string verb, Caller caller, string site, string? to, string? plan, string? force, string? drain, SiteMoves moves, SiteLabels labels,
        CancellationToken cancellationToken)
    {
        var (isForced, drains) = (QueryFlag.Parse(nameof(force), force), QueryFlag.Parse(nameof(drain), drain));
        return (isForced.Refusal ?? drains.Refusal) is { } refusal
            ? new Fault(refusal)
            : Answer.From(
                await moves.PreviewAsync(
                    caller.Actor, new SiteMoveRequest(site, to, plan, isForced.Value, drains.Value, verb == "failback"), cancellationToken),
                preview => new SitePreviewReply(GroupRecords.Of(preview, labels)),
                SkerryJson.Default.SitePreviewReply);
    }

    private static async Task<IResult> MoveAsync(
        string verb, Caller caller, string site, JsonBody body, SiteMoves moves, SiteLabels labels, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("to", "plan", "force", "drain", "no_fence");
        var request = new SiteMoveRequest(
            site, fields.Text("to"), fields.Text("plan"), fields.Flag("force") ?? false, fields.Flag("drain") ?? false, verb == "failback")
        {
            WithoutFence = fields.Flag("no_fence") ?? false,
        };
        if (request.WithoutFence && !request.IsForced)
        {
            fields.Fail("no_fence", "no_fence goes with force only: nothing else has the old primaries fenced.");
        }

        if (fields.Refusal is { } refusal)
        {
            return new Fault(refusal);
        }

        var outcome = await moves.MoveAsync(caller.Actor, request, cancellationToken);
        return outcome.Refusal is { } refused
            ? new Fault(refused)
            : Answer.Of(
                new SiteMoveReply(labels.Of(outcome.Value.Site), outcome.Value.OperationId, GroupRecords.Of(outcome.Value.Preview, labels)),
                SkerryJson.Default.SiteMoveReply,
                operationId: outcome.Value.OperationId);
    }
}
