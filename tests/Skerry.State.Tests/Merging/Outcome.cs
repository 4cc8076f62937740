using Skerry.State.Log;
using Skerry.State.Merging;

namespace Skerry.State.Tests.Merging;

/// <summary>All that two sites must agree on.</summary>
internal sealed record Outcome(string Digest, string Conflicts, string History)
{
    public static Outcome Of(ReplicaState state)
    {
        var digest = Convert.ToHexString(new StateSnapshot(state).Digest());
        var conflicts = state.Contested.SelectMany(key => Conflict.Of(state.Find(key)!, Site.Schema))
            .Select(conflict => $"{conflict.Id} {conflict.Kind} {conflict.Winner?.Dot}: {string.Join(", ", conflict.Losers.Select(value => value.Dot))}");
        var history = state.History.Select(s => $"{s.Key} {s.Field} {s.By.Dot}: {string.Join(", ", s.Replaced.Select(v => $"{v.Dot}={v.Value}"))}");
        return new Outcome(digest, string.Join("\n", conflicts), string.Join("\n", history));
    }
}
