namespace Skerry.Domain.Alerts;

/// <summary>Shows what stands at the site that is asked. For administrators: alerts name sites.</summary>
public sealed class AlertService(AlertReconciler alerts)
{
    private static readonly Refusal AdministratorsOnly = new(RefusalKind.NotAllowed, "Alerts are for administrators.");

    /// <summary>The worst first, then by id.</summary>
    public Outcome<IReadOnlyList<Alert>> List(Actor actor) => actor.IsAdmin
        ? Outcome<IReadOnlyList<Alert>>.Of([.. alerts.Standing.OrderByDescending(a => a.Severity).ThenBy(a => a.Id, StringComparer.Ordinal)])
        : AdministratorsOnly;

    public Outcome<Alert> Show(Actor actor, string id) =>
        !actor.IsAdmin ? AdministratorsOnly
        : alerts.Standing.FirstOrDefault(a => a.Id == id) is { } alert ? alert
        : Refusal.NotFound("alert", id) with { NextStep = "What stood before is among the events: skerry event list --kind alert.cleared" };
}
