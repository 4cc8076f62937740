using Skerry.Domain.Replication;
using Skerry.Domain.Sites;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Recovery;

/// <summary>Gathers what is known here of a copy: of this site's own at first hand, of another's what it last said.</summary>
internal sealed class PromotionFactsReader(SiteContext site, IReadOnlyList<IReplicaStore> stores, ILinkStatus links)
{
    public async ValueTask<PromotionFacts> ReadAsync(
        StateView state, PrimaryView primary, string volumeId, string toSite, CancellationToken cancellationToken)
    {
        var names = new SiteDirectory(site, state);
        var from = primary.Current.IsDemoted ? "" : names.NameOf(primary.Current.Site);
        var isConnected = !primary.Current.IsDemoted && !primary.IsSplitBrain && IsConnected(primary.Current.Site);
        if (toSite == site.SelfText)
        {
            var copy = await FindAsync(volumeId, cancellationToken);
            return new PromotionFacts(
                volumeId, primary, from, toSite, names.NameOf(toSite), copy?.IsWhole ?? false, copy?.Number, copy?.RecoveryPoint,
                copy?.OwedBytes, copy?.HeardAt, site.Now, isConnected || (copy?.IsConnected ?? false));
        }

        // Only what its site said itself counts against a copy elsewhere; that site judges again, at first hand.
        var relation = Relation.OfVolume(state, volumeId).FirstOrDefault(r => r.BackendAt(toSite) is not null);
        var said = relation?.Target is { } target && target.Generation >= primary.Current.Number ? target : null;
        var isWhole = relation is not null
            && said is not { RecoveryPoint: null, State: ReplicationWords.Updating or ReplicationWords.Waiting };
        return new PromotionFacts(
            volumeId, primary, from, toSite, names.NameOf(toSite), isWhole, null, said?.RecoveryPoint,
            said?.OwedBytes, said?.HeardAt, said?.At ?? DateTimeOffset.UnixEpoch, isConnected);
    }

    /// <summary>Alive and connected, as a refusal needs it: a link that stands, not one that broke a moment ago.</summary>
    public bool IsConnected(string siteId) =>
        siteId == site.SelfText
        || links.Reports.Any(r => r.Peer.ToString() == siteId && r.Health is LinkHealth.Live or LinkHealth.CatchingUp);

    private async ValueTask<LocalCopy?> FindAsync(string volumeId, CancellationToken cancellationToken)
    {
        foreach (var store in stores)
        {
            if (await store.FindAsync(volumeId, cancellationToken) is { } copy)
            {
                return copy;
            }
        }

        return null;
    }
}
