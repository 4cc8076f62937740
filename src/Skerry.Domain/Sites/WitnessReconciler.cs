using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>Writes this site's votes, where it is a witness, and takes them back.</summary>
/// <remarks>
/// A witness votes only while it hears enough other witnesses to make a quorum with them: one that is cut off itself does not hear
/// anybody, and that says nothing of the others. A site that is heard, even for a moment, is not lost: its vote is taken back at once,
/// and its silence is counted anew.
/// </remarks>
public sealed class WitnessReconciler(SiteContext site, ILinkStatus links, SiteLives lives) : IReconciler
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, long> _heard = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _written = new(StringComparer.Ordinal);
    private readonly long _startedAt = site.Time.GetTimestamp();

    public string Name => "witness";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Cloud];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var map = lives.Map(state);
        var rule = WitnessRule.Of(state);
        var witnesses = rule?.Ids(state) ?? [];
        var isWitness = witnesses.Contains(site.SelfText);
        if (!isWitness && state.ListByPrefix(EntityKinds.Suspicion, $"{site.SelfText}~").All(v => !IsSet(v)))
        {
            return StepResult.After(rule is null ? Pace * 10 : Pace);
        }

        var hears = witnesses.Count(w => w == site.SelfText || map.Raw(w).IsUp);
        var changes = new List<(EntityKey Key, SuspicionVote? Vote)>();
        foreach (var subject in state.List(EntityKinds.Site).Where(s => s.Id != site.SelfText))
        {
            var raw = map.Raw(subject.Id);
            var silence = Silence(subject.Id, raw);
            var isLost = isWitness && rule is not null && silence is not null && silence.Value.TotalSeconds >= rule.AfterSeconds
                && raw.Aliveness == Aliveness.Autonomous && hears >= rule.Quorum;
            var key = SuspicionVote.Key(site.SelfText, subject.Id);
            var before = state.Find(key.Kind, key.Id)?.Json(SuspicionVote.Field, SitesJson.Default.SuspicionVote);
            if (!isLost && before is not null)
            {
                changes.Add((key, null));
                _written.Remove(key.Id);
            }
            else if (isLost && (before is null || IsDue(key.Id)))
            {
                changes.Add((key, new SuspicionVote(before?.SinceAt ?? Instants.ToField(site.Now - silence!.Value), (before?.Renewal ?? 0) + 1)));
                _written[key.Id] = site.Time.GetTimestamp();
            }
        }

        if (changes.Count > 0)
        {
            await WriteAsync(changes, cancellationToken);
        }

        return StepResult.After(Pace);
    }

    private static bool IsSet(Entity vote) => vote.Json(SuspicionVote.Field, SitesJson.Default.SuspicionVote) is not null;

    /// <summary>A vote of an earlier life of this daemon is renewed at once: nobody knows how old it was.</summary>
    private bool IsDue(string id) =>
        !_written.TryGetValue(id, out var at) || site.Time.GetElapsedTime(at) >= SuspicionVote.RenewEvery;

    /// <summary>For how long nothing is known of a site, in elapsed time; null for one that was never heard of.</summary>
    private TimeSpan? Silence(string id, Life raw)
    {
        if (raw.IsUp)
        {
            _heard[id] = site.Time.GetTimestamp();
        }

        var since = site.Time.GetElapsedTime(_heard.GetValueOrDefault(id, _startedAt));
        var told = links.Hearsay.FirstOrDefault(h => h.Site.ToString() == id)?.Age;
        return raw.LastHeardAt is null ? null : told < since ? told : since;
    }

    private async ValueTask WriteAsync(List<(EntityKey Key, SuspicionVote? Vote)> changes, CancellationToken cancellationToken) =>
        await site.DecideAsync(
            Actor.System(Name),
            transaction =>
            {
                foreach (var (key, vote) in changes)
                {
                    var value = vote is null ? FieldValue.Null : FieldValue.Serialize(vote, SitesJson.Default.SuspicionVote);
                    transaction.SetIfDifferent(key, SuspicionVote.Field, value, DomainSchema.OwnerRank);
                }

                return default(Unit);
            },
            cancellationToken);
}
