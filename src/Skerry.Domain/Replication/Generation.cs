namespace Skerry.Domain.Replication;

/// <summary>
/// One change of a volume's primary: who became it, and where the new line of writes forked off. It is an entity of its own that
/// is written once and never changed, so promotions made apart are never merged, only compared.
/// </summary>
/// <remarks>
/// A handover is this record too: the old primary, drained and with its run ended for good, writes the generation that names its
/// successor, or nobody (<see cref="Demoted"/>). So the demotion and the permission to promote are one write, and there is no
/// moment at which two sites may read the state as theirs to write. A forced promotion is written by the site that promotes.
/// </remarks>
/// <param name="VolumeId">The volume.</param>
/// <param name="Number">1 at creation, or for a copy the number of its source; every change is one above the highest that its writer knew.</param>
/// <param name="Id">Random, so that two promotions with one number can be told apart.</param>
/// <param name="Site">The site that is primary in this generation, as <c>SiteId</c> prints it; <see cref="Demoted"/> for nobody.</param>
/// <param name="ForkNumber">The last write number that this generation shares with its parent; 0 at creation.</param>
/// <param name="ParentId">The <see cref="Id"/> that it forked from; null at creation.</param>
/// <param name="Planned">True when the old primary was drained and demoted first, so that nothing was lost.</param>
public sealed record Generation(
    string VolumeId, long Number, string Id, string Site, long ForkNumber, string? ParentId, bool Planned)
{
    /// <summary>The entity kind under which generations are stored; the entity's id is <c>volume/id</c>.</summary>
    public const string Kind = "generation";

    /// <summary>In place of a site: the volume was demoted, and no copy takes writes until one is promoted.</summary>
    public const string Demoted = "";

    /// <summary>Why, where that does not follow from the rest; null else, and from before it was told.</summary>
    public string? Cause { get; init; }

    /// <summary>True when no site is primary in this generation.</summary>
    public bool IsDemoted => Site.Length == 0;
}

/// <summary>What the known generations of one volume say about who is primary.</summary>
/// <remarks>
/// Equal numbers are a split brain only when two sites may have written in them. A demotion gives nobody the right to write, so a
/// promotion beside it stands; and a handover that its successor did not learn of before it promoted itself by force names the
/// same site: what that site wrote down for itself is where it forked.
/// </remarks>
/// <param name="Current">
/// The highest by number; of equal numbers one that names a site, before that one that was not handed over, before that the one with
/// the smallest id, so that every site names the same.
/// </param>
/// <param name="Rivals">Others with the same number that name another site: a split brain when not empty. Both sides stop and a person chooses.</param>
public sealed record PrimaryView(Generation Current, IReadOnlyList<Generation> Rivals)
{
    public bool IsSplitBrain => Rivals.Count > 0;

    /// <summary>True when this site, and no other, is primary in the highest generation known.</summary>
    public bool IsPrimary(string site) => !IsSplitBrain && !Current.IsDemoted && Current.Site == site;

    /// <summary>Judges by generation alone; null when the volume has none (it is still being created).</summary>
    public static PrimaryView? Of(IEnumerable<Generation> generations)
    {
        var ordered = generations
            .OrderByDescending(g => g.Number)
            .ThenBy(g => g.IsDemoted)
            .ThenBy(g => g.Planned)
            .ThenBy(g => g.Id, StringComparer.Ordinal)
            .ToList();
        if (ordered.Count == 0)
        {
            return null;
        }

        var current = ordered[0];
        var rivals = ordered.Skip(1)
            .TakeWhile(g => g.Number == current.Number)
            .Where(g => !g.IsDemoted && g.Site != current.Site)
            .ToList();
        return new PrimaryView(current, rivals);
    }
}
