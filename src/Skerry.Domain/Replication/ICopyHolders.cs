using Skerry.Domain.Volumes;

namespace Skerry.Domain.Replication;

/// <summary>Knows from the replicated state which sites hold copies of a volume, and so may help each other with its blocks.</summary>
public interface ICopyHolders
{
    /// <summary>Site ids of the others, the primary's first.</summary>
    IReadOnlyList<string> Others(string volumeId);

    /// <summary>True when <paramref name="peer"/>, an authenticated site id, holds a copy of the volume as this site does: it may have any block of it.</summary>
    bool IsHolder(string volumeId, string peer);
}

/// <summary>The primary and the ends of each relation.</summary>
public sealed class CopyHolders(SiteContext site) : ICopyHolders
{
    public IReadOnlyList<string> Others(string volumeId) => [.. All(volumeId).Where(holder => holder != site.SelfText)];

    public bool IsHolder(string volumeId, string peer)
    {
        var all = All(volumeId);
        return all.Contains(site.SelfText, StringComparer.Ordinal) && all.Contains(peer, StringComparer.Ordinal);
    }

    internal bool IsHeldAt(StateView state, string volumeId, string siteId) => All(state, volumeId).Contains(siteId, StringComparer.Ordinal);

    private List<string> All(string volumeId) => All(StateView.Of(site.Replica), volumeId);

    private static List<string> All(StateView state, string volumeId)
    {
        // Where there is ciphertext only, no block is the same as here, and none may be read there.
        var relations = Relation.OfVolume(state, volumeId).Where(relation => !relation.IsCiphertextOnly).ToList();
        var holders = relations.SelectMany(relation => new[] { relation.HomeSite, relation.OtherSite });
        return [.. (Generations.Primary(state, volumeId) is { } primary && relations.Count > 0 ? holders.Prepend(primary.Current.Site) : holders).Distinct(StringComparer.Ordinal)];
    }
}
