using System.Globalization;
using Skerry.Domain.Events;

namespace Skerry.Domain.Alerts;

/// <summary>Asks the sources what stands, keeps it for who looks, and notes in the journal what came and what went.</summary>
/// <remarks>
/// The journal's mark of an alert is since when it stands, and nothing once it went: so that after a restart what stood before stands
/// since then, and what went meanwhile is told.
/// </remarks>
/// <param name="site">This site.</param>
/// <param name="sources">Asked in order.</param>
/// <param name="journal">Where comings and goings are noted.</param>
public sealed class AlertReconciler(SiteContext site, IEnumerable<IAlertSource> sources, EventJournal journal) : IReconciler
{
    private const string Gone = "";

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<IAlertSource> _sources = [.. sources];
    private volatile IReadOnlyList<Alert> _standing = [];
    private HashSet<string>? _told;

    public string Name => "alerts";

    public IReadOnlyCollection<string> Kinds { get; } = [];

    /// <summary>As of the last step; each has its <see cref="Alert.Since"/>. By id.</summary>
    public IReadOnlyList<Alert> Standing => _standing;

    public ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var before = _standing.ToDictionary(a => a.Id, StringComparer.Ordinal);
        var now = _sources.SelectMany(s => s.Standing()).DistinctBy(a => a.Id)
            .Select(a => a.Since is null ? a with { Since = before.GetValueOrDefault(a.Id)?.Since ?? Noted(a.Id) ?? site.Now } : a)
            .OrderBy(a => a.Id, StringComparer.Ordinal)
            .ToList();
        _standing = now;
        if (journal.Id is null)
        {
            // Whoever begins the journal does so at its first step.
            return ValueTask.FromResult(StepResult.After(LookEvery));
        }

        _told ??= [.. journal.MarksOf(KeyOf("")).Where(m => m.Mark != Gone).Select(m => m.Key[KeyOf("").Length..])];
        var raised = now.Where(a => !_told.Contains(a.Id)).Select(Raised);
        var cleared = _told.Except(now.Select(a => a.Id)).Order(StringComparer.Ordinal).Select(id => Cleared(id, before.GetValueOrDefault(id)));
        var told = journal.Append([.. raised, .. cleared]);
        _told = [.. now.Select(a => a.Id)];
        return ValueTask.FromResult(
            StepResult.After(LookEvery).With([.. told.Select(e => new StepReport(e.Message, e.Kind == EventKinds.AlertRaised))]));
    }

    private static string KeyOf(string id) => $"alert/{id}";

    private DateTimeOffset? Noted(string id) =>
        journal.MarkOf(KeyOf(id)) is { Length: > 0 } mark && long.TryParse(mark, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : null;

    private EventDraft Raised(Alert alert)
    {
        var mark = alert.Since!.Value.UtcTicks.ToString(CultureInfo.InvariantCulture);
        return Draft(alert.Id, mark, mark, new SiteEvent(EventKinds.AlertRaised, $"{alert.Text} {alert.NextStep}"));
    }

    private EventDraft Cleared(string id, Alert? last) =>
        Draft(id, Gone, journal.MarkOf(KeyOf(id)) ?? Gone, new SiteEvent(
            EventKinds.AlertCleared, last is null ? $"The alert {id} stands no more." : $"It is so no more: {last.Text}"));

    private EventDraft Draft(string id, string mark, string since, SiteEvent told) => new(
        KeyOf(id),
        mark,
        told with { Id = Ids.Derived("event", $"{site.SelfText}/{told.Kind}/{id}/{since}"), At = site.Now, AlertId = id });
}
