using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Simulation.Checking;

/// <summary>A conflict that a site must show.</summary>
internal static class ExpectedConflict
{
    /// <summary>In words that compare: entity, field, kind, and the values that lost.</summary>
    public static IEnumerable<string> Of(EntityKey key, ExpectedEntity entity, StateSchema schema)
    {
        foreach (var (field, standing) in entity.Fields)
        {
            var differing = standing.Where(value => value.Write.Value != standing[0].Write.Value).Select(value => value.Dot);
            var (kind, losers) = field == Entity.LifecycleField ? (ConflictKind.Lifecycle, differing)
                : !entity.IsDeleted ? (ConflictKind.Values, differing)
                : schema.UseOf(key.Kind, field) == FieldUse.Observed ? (ConflictKind.UpdateOfDeleted, [])
                : (ConflictKind.UpdateOfDeleted, standing.Where(value => !value.IsKnownToDelete).Select(value => value.Dot));
            if (losers.Any())
            {
                yield return InWords(key, field, kind, losers);
            }
        }
    }

    public static string InWords(Conflict conflict) =>
        InWords(conflict.Key, conflict.Field, conflict.Kind, conflict.Losers.Select(loser => loser.Dot));

    private static string InWords(EntityKey key, string field, ConflictKind kind, IEnumerable<Dot> losers) =>
        $"{key} {field} {kind}: {string.Join(", ", losers.Order())}";
}
