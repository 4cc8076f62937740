using System.Globalization;
using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>
/// Counts the votes of witnesses. A vote counts while its maker keeps renewing it, as this site sees the renewals arrive on its own
/// monotonic clock; so votes of a witness that is itself not heard age out. Safe for concurrent use.
/// </summary>
internal sealed class WitnessVotes(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (Dot Dot, long SeenAt)> _seen = new(StringComparer.Ordinal);

    /// <summary>The votes on a site that count now, and whether they are enough.</summary>
    public Count Of(StateView state, string subject)
    {
        if (WitnessRule.Of(state) is not { } rule)
        {
            return Count.None;
        }

        var votes = new List<(string Witness, SuspicionVote Vote, TimeSpan Age)>();
        foreach (var witness in rule.Ids(state).Where(w => w != subject))
        {
            var key = SuspicionVote.Key(witness, subject);
            if (state.Find(key.Kind, key.Id) is { } entity && Written(entity, witness) is { } written && Age(key.Id, written.Dot) is var age
                && age < SuspicionVote.Life)
            {
                votes.Add((witness, written.Vote, age));
            }
        }

        return new Count(rule, votes);
    }

    /// <summary>The vote that its maker wrote itself; anybody else's counts for nothing.</summary>
    private static (SuspicionVote Vote, Dot Dot)? Written(Entity entity, string witness) =>
        entity.Standing(SuspicionVote.Field) is [var winner, ..] && winner.Site.ToString() == witness
        && entity.Json(SuspicionVote.Field, SitesJson.Default.SuspicionVote) is { } vote
            ? (vote, winner.Dot)
            : null;

    private TimeSpan Age(string id, Dot dot)
    {
        lock (_lock)
        {
            if (!_seen.TryGetValue(id, out var seen) || seen.Dot != dot)
            {
                _seen[id] = seen = (dot, time.GetTimestamp());
            }

            return time.GetElapsedTime(seen.SeenAt);
        }
    }

    /// <param name="Rule">Null when the cloud has no witnesses.</param>
    /// <param name="Votes">Those that count.</param>
    internal sealed record Count(WitnessRule? Rule, IReadOnlyList<(string Witness, SuspicionVote Vote, TimeSpan Age)> Votes)
    {
        public static Count None { get; } = new(null, []);

        public bool IsQuorum => Rule is not null && Votes.Count >= Rule.Quorum;

        public string Text(Func<string, string> nameOf) => string.Create(
            CultureInfo.InvariantCulture,
            $"{Votes.Count} of {Rule!.Sites.Count} witnesses have not heard it: {string.Join(", ", Votes.Select(v => $"{nameOf(v.Witness)} since {v.Vote.SinceAt}"))}");
    }
}
