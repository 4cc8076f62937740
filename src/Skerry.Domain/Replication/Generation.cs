namespace Skerry.Domain.Replication;

/// <summary>
/// One promotion of a volume: who became its primary, and where the new line of writes forked off. It is an entity of its own that
/// is written once and never changed, so promotions made apart are never merged, only compared.
/// </summary>
/// <param name="VolumeId">The volume.</param>
/// <param name="Number">1 at creation; every promotion is one above the highest that the promoting site knew.</param>
/// <param name="Id">Random, so that two promotions with one number can be told apart.</param>
/// <param name="Site">The site that is primary in this generation, as <c>SiteId</c> prints it.</param>
/// <param name="ForkNumber">The last write number that this generation shares with its parent; 0 at creation.</param>
/// <param name="ParentId">The <see cref="Id"/> that it forked from; null at creation.</param>
/// <param name="Planned">True when the old primary was drained and demoted first, so that nothing was lost.</param>
public sealed record Generation(
    string VolumeId, long Number, string Id, string Site, long ForkNumber, string? ParentId, bool Planned)
{
    /// <summary>The entity kind under which generations are stored; the entity's id is <c>volume/id</c>.</summary>
    public const string Kind = "generation";
}

/// <summary>What the known generations of one volume say about who is primary.</summary>
/// <param name="Current">The highest by number; of equal numbers the one with the smallest id, so that every site names the same.</param>
/// <param name="Rivals">Others with the same number: a split brain when not empty. Both sides stop and a person chooses.</param>
public sealed record PrimaryView(Generation Current, IReadOnlyList<Generation> Rivals)
{
    public bool IsSplitBrain => Rivals.Count > 0;

    /// <summary>Judges by generation alone; null when the volume has none (it is still being created).</summary>
    public static PrimaryView? Of(IEnumerable<Generation> generations)
    {
        var ordered = generations.OrderByDescending(g => g.Number).ThenBy(g => g.Id, StringComparer.Ordinal).ToList();
        if (ordered.Count == 0)
        {
            return null;
        }

        var rivals = ordered.Skip(1).TakeWhile(g => g.Number == ordered[0].Number).ToList();
        return new PrimaryView(ordered[0], rivals);
    }
}
