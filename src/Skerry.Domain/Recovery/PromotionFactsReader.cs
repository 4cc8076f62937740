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
        var reach = new Reach(site, state, links);
        var from = primary.Current.IsDemoted ? "" : names.NameOf(primary.Current.Site);
        var isPrimaryKnown = !primary.Current.IsDemoted && !primary.IsSplitBrain;
        var isConnected = isPrimaryKnown && reach.IsConnected(primary.Current.Site);
        var via = isConnected && reach.Via(primary.Current.Site) is { } through ? names.NameOf(through) : null;
        var copies = await StandingsAsync(state, primary, volumeId, cancellationToken);
        var relations = Relation.OfVolume(state, volumeId);
        var relation = relations.FirstOrDefault(r => r.ReplicaOf(primary.Current.Site).Site == toSite)
            ?? relations.FirstOrDefault(r => r.BackendAt(toSite) is not null);
        if (toSite == site.SelfText)
        {
            var copy = await FindAsync(volumeId, cancellationToken);
            return new PromotionFacts(
                volumeId, primary, from, toSite, names.NameOf(toSite), copy is { IsWhole: true } && !IsAdopting(state, volumeId, toSite), copy?.Number, copy?.RecoveryPoint,
                copy?.OwedBytes, copy?.HeardAt, site.Now, isConnected || (copy?.IsConnected ?? false))
            {
                Via = via,
                Flushes = FlushPromise.Of(relation, primary.Current),
                Unfit = CiphertextOnly.Check(state, volumeId, toSite, names),
                Copies = copies,
            };
        }

        // Only what its site said itself counts against a copy elsewhere; that site judges again, at first hand.
        var said = relation?.Target is { } target && target.Generation >= primary.Current.Number ? target : null;
        var isWhole = relation is not null && !IsAdopting(state, volumeId, toSite)
            && said is not { RecoveryPoint: null, State: ReplicationWords.Updating or ReplicationWords.Waiting };
        return new PromotionFacts(
            volumeId, primary, from, toSite, names.NameOf(toSite), isWhole, null, said?.RecoveryPoint,
            said?.OwedBytes, said?.HeardAt, said?.At ?? DateTimeOffset.UnixEpoch, isConnected)
        {
            ClockAhead = reach.ClockAhead(toSite),
            Via = via,
            Flushes = FlushPromise.Of(relation, primary.Current),
            Unfit = CiphertextOnly.Check(state, volumeId, toSite, names),
            Copies = copies,
        };
    }

    /// <summary>Until it is taken over, what is there may be another disk, whatever its numbers say.</summary>
    private static bool IsAdopting(StateView state, string volumeId, string toSite) =>
        Relation.OfVolume(state, volumeId).Any(r => r.AdoptFrom is not null && r.ReplicaSide(state) == toSite);

    /// <summary>
    /// The copies that could be promoted, the most advanced first; the primary's own is not among them. A target says where it
    /// stands when it loses its primary, so what is known of it then is the last word.
    /// </summary>
    public async ValueTask<IReadOnlyList<CopyStanding>> StandingsAsync(
        StateView state, PrimaryView primary, string volumeId, CancellationToken cancellationToken)
    {
        var names = new SiteDirectory(site, state);
        var reach = new Reach(site, state, links);
        var found = new List<CopyStanding>();
        foreach (var relation in Relation.OfVolume(state, volumeId))
        {
            var (at, _) = relation.ReplicaOf(primary.Current.IsDemoted ? relation.HomeSite : primary.Current.Site);
            if (relation.AdoptFrom is not null || relation.IsCiphertextOnly)
            {
                continue;
            }

            if (at == site.SelfText)
            {
                if (await FindAsync(volumeId, cancellationToken) is { IsWhole: true } copy)
                {
                    found.Add(new CopyStanding(
                        at, names.NameOf(at), IsReached: true, copy.Generation, copy.Number, copy.RecoveryPoint, site.Now));
                }
            }
            else if (relation.Target is { } said && (said.Number ?? said.RecoveryPoint?.Number) is { } number)
            {
                found.Add(new CopyStanding(
                    at, names.NameOf(at), reach.IsConnected(at), said.CopyGeneration ?? said.RecoveryPoint?.Generation ?? 0, number,
                    said.RecoveryPoint, said.At));
            }
        }

        return [.. found.OrderDescending().ThenBy(c => c.Name, StringComparer.Ordinal)];
    }

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
