using System.Globalization;
using Skerry.Domain.Events;
using Skerry.State.Clocks;

namespace Skerry.Domain.Conflicts;

/// <summary>Notes in the site's journal each conflict that it learns of, once, and that it is settled.</summary>
/// <remarks>
/// The journal's mark of a conflict says whether it stands: so that one that arises anew on the same field is told anew, and one that
/// another side joins is not.
/// </remarks>
/// <param name="site">This site.</param>
/// <param name="conflicts">What stands.</param>
/// <param name="journal">Where it is noted.</param>
public sealed class ConflictReconciler(SiteContext site, ConflictService conflicts, EventJournal journal) : IReconciler
{
    private const string Settled = "";
    private const string Standing = "stands";

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly Actor Self = Actor.System("conflicts");

    private VersionVector? _seen;

    public string Name => "conflicts";

    public IReadOnlyCollection<string> Kinds { get; } = [];

    public ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var vector = site.Replica.Vector;
        if (journal.Id is null || vector.Equals(_seen))
        {
            // Whoever begins the journal does so at its first step.
            return ValueTask.FromResult(StepResult.After(LookEvery));
        }

        var standing = conflicts.List(Self).ToDictionary(c => c.Id, StringComparer.Ordinal);
        var told = journal.MarksOf(KeyOf("")).Where(m => m.Mark == Standing).Select(m => m.Key[KeyOf("").Length..]).ToHashSet(StringComparer.Ordinal);
        var noted = journal.Append(
        [
            .. standing.Values.Where(c => !told.Contains(c.Id)).Select(Arisen),
            .. told.Where(id => !standing.ContainsKey(id)).Order(StringComparer.Ordinal).Select(Gone),
        ]);
        _seen = vector;
        return ValueTask.FromResult(
            StepResult.After(LookEvery).With([.. noted.Select(e => new StepReport(e.Message, e.Kind == EventKinds.ConflictArisen))]));
    }

    private static string KeyOf(string id) => $"conflict/{id}";

    private EventDraft Arisen(ConflictView conflict)
    {
        var sides = (conflict.Winner is { } winner ? conflict.Losers.Prepend(winner) : conflict.Losers).ToList();
        var who = string.Join(" and ", sides.Select(s => $"{s.Author} at site {s.SiteName}").Distinct());
        var last = sides.Max(s => s.WrittenAt).UtcTicks.ToString(CultureInfo.InvariantCulture);
        return Draft(conflict.Id, Standing, last, new SiteEvent(
            EventKinds.ConflictArisen, $"Conflict {conflict.Id}, {conflict.Nature}: written by {who}. {conflict.NextStep}"));
    }

    private EventDraft Gone(string id) => Draft(id, Settled, site.Replica.Vector.ToString(), new SiteEvent(EventKinds.ConflictSettled, $"Conflict {id} is settled."));

    private EventDraft Draft(string id, string mark, string moment, SiteEvent told) => new(
        KeyOf(id),
        mark,
        told with { Id = Ids.Derived("event", $"{site.SelfText}/{told.Kind}/{id}/{moment}"), At = site.Now, ConflictId = id });
}
