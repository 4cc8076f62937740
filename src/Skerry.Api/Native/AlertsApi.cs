using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain.Alerts;

namespace Skerry.Api.Native;

/// <summary>What stands at this site that a person should look at. For administrators.</summary>
internal static class AlertsApi
{
    public static void MapAlerts(this RouteGroupBuilder api)
    {
        var alerts = api.MapGroup("/alerts").WithTags("alerts");
        alerts.MapGet("", List).WithSummary("List what stands that a person should look at, the worst first").Produces<AlertList>();
        alerts.MapGet("/{id}", Show).WithSummary("Show an alert, with its evidence and what to do").Produces<AlertReply>();
    }

    private static IResult List(Caller caller, HttpRequest request, AlertService alerts, SiteLabels labels)
    {
        var listed = alerts.List(caller.Actor);
        return listed.Refusal is { } refusal
            ? new Fault(refusal)
            : Pages.Answer(
                request,
                listed.Value,
                alert => alert.Id,
                alert => Record(alert, labels),
                (items, links) => new AlertList(items, links),
                SkerryJson.Default.AlertList);
    }

    private static IResult Show(Caller caller, string id, AlertService alerts, SiteLabels labels) =>
        Answer.From(alerts.Show(caller.Actor, id), alert => new AlertReply(Record(alert, labels)), SkerryJson.Default.AlertReply);

    private static AlertRecord Record(Alert alert, SiteLabels labels) => new(
        alert.Id,
        alert.Kind,
        Alert.Word(alert.Severity),
        alert.Site,
        labels.OrNone(alert.Site),
        alert.Since!.Value,
        alert.Text,
        alert.Evidence,
        alert.NextStep);
}
