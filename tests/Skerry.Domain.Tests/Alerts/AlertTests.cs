using Skerry.Domain.Alerts;
using Skerry.Domain.Events;
using Skerry.Domain.Sites;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Alerts;

public sealed class AlertTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"skerry-alerts-{Guid.NewGuid():N}.jsonl");
    private readonly ManualTime _time = new();
    private readonly Source _source = [];

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task What_stands_is_shown_since_it_was_first_so_and_its_coming_and_going_are_told_once_also_over_restarts()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var journal = new EventJournal(_path);
        journal.Begin("j", []);
        var alerts = new AlertReconciler(site.Context, [_source], journal);
        await alerts.StepAsync(CancellationToken.None);
        Assert.Empty(alerts.Standing);

        _source.Add(new Alert("disk.full", "ssd", AlertSeverity.Critical, "Backend ssd is full.", "Delete something."));
        var raisedAt = site.Context.Now;
        var step = await alerts.StepAsync(CancellationToken.None);
        Assert.True(Assert.Single(step.Reports).IsProblem);
        _time.Advance(TimeSpan.FromMinutes(5));
        await alerts.StepAsync(CancellationToken.None);
        Assert.Equal(("disk.full:ssd", raisedAt), (alerts.Standing[0].Id, alerts.Standing[0].Since!.Value));

        // The daemon starts anew, and it is still so.
        var journalAgain = new EventJournal(_path);
        var again = new AlertReconciler(site.Context, [_source], journalAgain);
        await again.StepAsync(CancellationToken.None);
        Assert.Equal(raisedAt, again.Standing[0].Since!.Value);
        Assert.Equal([EventKinds.AlertRaised], journalAgain.List().Select(e => e.Kind));

        // It goes while the daemon is down.
        _source.Clear();
        journal = new EventJournal(_path);
        await new AlertReconciler(site.Context, [_source], journal).StepAsync(CancellationToken.None);
        Assert.Equal([EventKinds.AlertRaised, EventKinds.AlertCleared], journal.List().Select(e => e.Kind));
        Assert.All(journal.List(), e => Assert.Equal("disk.full:ssd", e.AlertId));

        // And comes back: that is another event, with another id.
        _source.Add(new Alert("disk.full", "ssd", AlertSeverity.Critical, "Backend ssd is full.", "Delete something."));
        await new AlertReconciler(site.Context, [_source], journal).StepAsync(CancellationToken.None);
        Assert.Equal(3, journal.List().Select(e => e.Id).Distinct().Count());
    }

    [Fact]
    public async Task Alerts_are_for_administrators()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        _source.Add(new Alert("disk.full", "ssd", AlertSeverity.Warning, "Backend ssd is full.", "Delete something."));
        _source.Add(new Alert("disk.gone", "ssd", AlertSeverity.Critical, "Backend ssd is gone.", "Find it."));
        var reconciler = new AlertReconciler(site.Context, [_source], new EventJournal(null));
        await reconciler.StepAsync(CancellationToken.None);
        var alerts = new AlertService(reconciler);

        Assert.Equal(["disk.gone", "disk.full"], alerts.List(Actor.System("test")).Value.Select(a => a.Kind));
        Assert.Equal(RefusalKind.NotAllowed, alerts.List(new Actor("eve", "u", "p", ["member"])).Refusal?.Kind);
        Assert.Equal(RefusalKind.NotFound, alerts.Show(Actor.System("test"), "disk.full:hdd").Refusal?.Kind);
    }

    [Fact]
    public async Task Drift_is_told_beyond_its_bound_and_until_it_is_within_half_of_it()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var links = new Links();
        var drift = new DriftAlerts(site.Context, links, TimeSpan.FromSeconds(1));

        Assert.Empty(Told(900));
        Assert.Contains("1.100 s behind", Assert.Single(Told(-1100)).Text, StringComparison.Ordinal);
        Assert.Single(Told(-900));
        Assert.Empty(Told(-400));
        Assert.Empty(Told(900));
        Assert.Contains("1.200 s ahead of", Assert.Single(Told(1200)).Text, StringComparison.Ordinal);

        List<Alert> Told(double milliseconds)
        {
            links.Reports = [new LinkReport(new SiteId(7), LinkHealth.Live, site.Context.Now, site.Context.Now, 2, milliseconds, null)];
            return [.. drift.Standing()];
        }
    }

    private sealed class Source : List<Alert>, IAlertSource
    {
        public IEnumerable<Alert> Standing() => this;
    }

    [Fact]
    public async Task A_neighbour_that_has_seen_the_same_and_holds_something_else_is_shown_with_what_both_hold()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var links = new Links();
        var source = new DifferenceAlerts(site.Context, links);
        Assert.Empty(source.Standing());

        var vector = VersionVector.Empty.With(new Dot(new SiteId(7), 8, 9));
        links.Differences = [new SiteDifference(new SiteId(7), _time.GetUtcNow(), vector, [(new EntityKey("volume", "v1"), ["size: here 1; there 2"])])];
        var alert = Assert.Single(source.Standing());
        Assert.Equal(("state.difference:0000000000000007", AlertSeverity.Critical, _time.GetUtcNow()), (alert.Id, alert.Severity, alert.Since));
        Assert.Contains("north", alert.Text, StringComparison.Ordinal);
        Assert.Contains(alert.Evidence, line => line.Contains(vector.ToString(), StringComparison.Ordinal));
        Assert.Equal(["volume/v1:", "size: here 1; there 2"], alert.Evidence.TakeLast(2));
    }

    private sealed class Links : ILinkStatus
    {
        public IReadOnlyList<LinkReport> Reports { get; set; } = [];

        public IReadOnlyList<SiteDifference> Differences { get; set; } = [];
    }
}
