using Skerry.Domain.Groups;
using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>
/// Moves a replica to another site. What is there of the volume's history already is not sent again; the copy at the old place goes to
/// the trash there.
/// </summary>
internal sealed class Retargeting(SiteContext site)
{
    /// <summary>Where the replica is already nothing happens.</summary>
    public Refusal? Move(ITransaction transaction, StateView state, Relation relation, RetargetReplicationRequest request)
    {
        if (state.Find(EntityKinds.Volume, relation.VolumeId) is not { } volume)
        {
            return Refusal.NotFound("replication", relation.Id);
        }

        var place = NewPlace(state, relation, volume, request);
        if (place.IsRefused || place.Value is not { } to)
        {
            return place.Refusal;
        }

        if (AckChoice.ReasonToKeep(state, relation, "moved") is { } kept)
        {
            return kept;
        }

        if (GroupMembers.GroupOf(state, relation.VolumeId) is { TargetSite: { } shared } group && relation.BackendAt(shared) is not null)
        {
            return Refusal.State(
                $"Replication {relation.Id} is the one of group {group.Name}, which keeps it.", "Take the volume out of the group first.");
        }

        Write(transaction, state, relation, to.Site, to.Backend);
        return null;
    }

    /// <summary>Null when the replica is there already.</summary>
    private Outcome<ReplicationEnd?> NewPlace(
        StateView state, Relation relation, Entity volume, RetargetReplicationRequest request)
    {
        var sites = new SiteDirectory(site, state);
        var resolved = sites.Resolve(request.TargetSite);
        if (resolved.IsRefused)
        {
            return resolved.Refusal! with { Field = "target_site" };
        }

        if (Generations.Primary(state, relation.VolumeId) is { IsSplitBrain: true })
        {
            return Refusal.State(
                $"Volume {relation.VolumeId} has two primaries of one generation, and it is not decided which copy is the volume.",
                "Promote the copy to keep first.");
        }

        var (target, name) = (resolved.Value, sites.NameOf(resolved.Value));
        var primary = Generations.Owner(Generations.Of(state, relation.VolumeId)) ?? relation.HomeSite;
        var (old, oldBackend) = relation.ReplicaOf(primary);
        if (target == primary)
        {
            return Refusal.Invalid("target_site", $"Site {name} is the primary of volume {relation.VolumeId}.", "Name another site.");
        }

        if (target == old)
        {
            return request.TargetBackend is { } wanted && wanted != oldBackend
                ? Refusal.State(
                    $"The replica is at site {name} already, on backend {oldBackend}; a site holds one copy of a volume.",
                    "Move it to another site first, and back to the other backend when its copy here was purged.")
                : default(ReplicationEnd?);
        }

        if (Relation.OfVolume(state, relation.VolumeId).FirstOrDefault(r => r.Id != relation.Id && r.BackendAt(target) is not null) is { } second)
        {
            return new Refusal(
                RefusalKind.Conflict,
                $"Volume {relation.VolumeId} is replicated to site {name} already, by replication {second.Id}.",
                "Use that one, or delete it first.");
        }

        if (relation.Beyond.Count > 0)
        {
            return Refusal.State(
                $"Site {sites.NameOf(old)} passes the volume on to {string.Join(", ", relation.Beyond.Select(sites.NameOf))}.",
                "Delete the replications from there first, or make them anew from the primary.");
        }

        if (relation.Left.Count >= ReplicaPlaces.Most)
        {
            return Refusal.State(
                $"The replica was moved {relation.Left.Count} times, and the copies that it left are not purged yet.", "Wait until they are.");
        }

        var backend = ReplicaPlaces.Choose(state, volume, new ReplicationEnd(primary, volume.Text("backend", "")), (target, name), request.TargetBackend);
        return backend.IsRefused ? backend.Refusal! : new ReplicationEnd(target, backend.Value);
    }

    private void Write(ITransaction transaction, StateView state, Relation relation, string target, string backend)
    {
        var old = relation.ReplicaSide(state);
        var (key, isOther) = (Relation.Key(relation.Id), old == relation.OtherSite);
        transaction.Set(key, isOther ? Relation.TargetSiteField : Relation.HomeSiteField, target);
        transaction.Set(key, isOther ? Relation.TargetBackendField : Relation.HomeBackendField, backend);
        LeftSite[] left = [.. relation.Left.Where(l => l.Site != old && l.Site != target), new LeftSite(old, relation.BackendAt(old) ?? "", site.Now)];
        transaction.Set(key, Relation.LeftField, FieldValue.Serialize(left, ReplicationJson.Default.IReadOnlyListLeftSite));
        if (relation.KeyAt(old) is not null)
        {
            // It was wrapped for the old site; the primary's wraps it for the new one.
            transaction.Set(key, relation.KeyFieldOf(old), FieldValue.FromString(null), DomainSchema.OwnerRank);
        }

        if (relation.AdoptFrom is not null)
        {
            transaction.Set(key, Relation.AdoptField, null);
        }
    }
}
