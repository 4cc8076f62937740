using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain.Volumes;

namespace Skerry.Api.Native;

/// <summary>Limits of projects with what OpenStack has no word for: whether they hold while sites are apart, and who holds which share.</summary>
internal static class QuotasApi
{
    public static void MapQuotas(this RouteGroupBuilder api)
    {
        var quotas = api.MapGroup("/quotas").WithTags("quotas");
        quotas.MapGet("/{project}", Show).WithSummary("Show the limits of a project, by its id").Produces<QuotaReply>();
        quotas.MapPut("/{project}", SetAsync).WithSummary("Change the limits of a project, and how they hold")
            .Accepts<QuotaSetRequest>("application/json").Produces<QuotaReply>();
    }

    private static IResult Show(Caller caller, string project, QuotaService quotas) =>
        Answer.From(quotas.Standings(caller.Actor, project), Reply, SkerryJson.Default.QuotaReply);

    private static async Task<IResult> SetAsync(
        Caller caller, string project, JsonBody body, QuotaService quotas, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("volumes", "gigabytes", "snapshots", "hard", "home");
        var change = new QuotaChange
        {
            Volumes = fields.Integer("volumes"),
            Gigabytes = fields.Integer("gigabytes"),
            Snapshots = fields.Integer("snapshots"),
            IsHard = fields.Flag("hard"),
            Home = fields.Text("home"),
        };
        if (fields.Refusal is { } refusal)
        {
            return new Fault(refusal);
        }

        var set = await quotas.SetAsync(caller.Actor, project, change, cancellationToken);
        return set.Refusal is { } refused ? new Fault(refused) : Show(caller, project, quotas);
    }

    private static QuotaReply Reply((ProjectQuota Quota, string? Home, IReadOnlyList<QuotaStanding> Standings) shown) => new(new QuotaRecord(
        shown.Quota.ProjectId,
        shown.Quota.IsHard ? "hard" : "soft",
        shown.Home,
        [.. shown.Standings.Select(s => new QuotaLimitRecord(
            s.Resource, s.Use.Limit, s.Use.Used, s.Overrun, [.. s.Shares.Select(h => new QuotaShareRecord(h.Site, h.Share, h.Used, h.Free))]))]));
}
