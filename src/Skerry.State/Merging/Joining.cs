using Skerry.State.Clocks;

namespace Skerry.State.Merging;

/// <summary>Joins what two sites hold of one entity.</summary>
/// <remarks>
/// A value that one side lacks is dropped only if that side's vector covers its dot: that side had it, and something replaced it.
/// Else that side has never seen it, and it stays. This is what makes tombstones needless. Marks are kept from both sides.
/// </remarks>
internal static class Joining
{
    /// <param name="mine">The entity here, if any.</param>
    /// <param name="mineVector">What this side has seen.</param>
    /// <param name="theirs">The entity there, if any.</param>
    /// <param name="theirVector">What the other side has seen.</param>
    public static Entity? Join(EntityKey key, Entity? mine, VersionVector mineVector, Entity? theirs, VersionVector theirVector)
    {
        // Most of two large states is equal, or here at one side alone and never seen at the other.
        if (theirs is null && mine is not null && IsUnseen(mine, theirVector)) return mine;
        if (mine is null && theirs is not null && IsUnseen(theirs, mineVector)) return theirs;
        if (mine is not null && theirs is not null && mine.Body.SequenceEqual(theirs.Body)) return mine;

        var fields = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var register in mine?.Registers ?? []) fields.Add(register.Field);
        foreach (var register in theirs?.Registers ?? []) fields.Add(register.Field);

        var joined = new List<Register>(fields.Count);
        foreach (var field in fields)
        {
            var standing = Join(mine?.Standing(field) ?? [], mineVector, theirs?.Standing(field) ?? [], theirVector);
            if (standing.Length > 0) joined.Add(new Register(field, standing));
        }

        return joined.Count == 0 ? null : new Entity(key, joined);
    }

    private static bool IsUnseen(Entity entity, VersionVector vector)
    {
        foreach (var origin in entity.Origins)
        {
            if (vector.Covers(origin.Dot)) return false;
        }

        return true;
    }

    private static StandingValue[] Join(
        IReadOnlyList<StandingValue> mine, VersionVector mineVector, IReadOnlyList<StandingValue> theirs, VersionVector theirVector)
    {
        var standing = new List<StandingValue>(mine.Count + theirs.Count);
        foreach (var value in mine)
        {
            var same = theirs.FirstOrDefault(other => other.Dot == value.Dot);
            if (same is not null) standing.Add(value.With(same.Marks));
            else if (!theirVector.Covers(value.Dot)) standing.Add(value);
        }

        foreach (var value in theirs)
        {
            if (!mineVector.Covers(value.Dot)) standing.Add(value);
        }

        standing.Sort(StandingValue.Compare);
        return [.. standing];
    }
}
