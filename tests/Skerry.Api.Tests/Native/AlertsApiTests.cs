using Skerry.Domain.Alerts;

namespace Skerry.Api.Tests.Native;

public sealed class AlertsApiTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task What_stands_is_listed_the_worst_first_and_shown_with_its_evidence()
    {
        await using var site = await NativeSite.StartAsync();
        var standing = (NativeSite.StandingAlerts)site.Api.Service<IAlertSource>();
        Assert.Empty(await site.Client.Alerts.ListAsync(None));

        standing.Add(new Alert("clock.drift", "1", AlertSeverity.Warning, "A clock is off.", "Set it."));
        standing.Add(new Alert("digest", "2", AlertSeverity.Critical, "Two sites differ.", "Compare.")
        {
            Site = site.Api.Site.Context.SelfText,
            Evidence = ["here: 17", "there: 18"],
        });
        await site.Api.Service<AlertReconciler>().StepAsync(None);

        var listed = await site.Client.Alerts.ListAsync(None);
        Assert.Equal(["digest:2", "clock.drift:1"], listed.Select(a => a.Id));
        var shown = await site.Client.Alerts.ShowAsync("digest:2", None);
        Assert.Equal(("critical", "north", 2, "Compare."), (shown.Severity, shown.SiteName, shown.Evidence.Count, shown.NextStep));

        var token = await site.Api.TokenAsync();
        await site.Api.JsonAsync("GET", "/skerry/v1/alerts/none", token, 404);
        var tenant = await site.TenantAsync("eve");
        await Assert.ThrowsAnyAsync<Exception>(() => tenant.Alerts.ListAsync(None));
    }
}
