using Skerry.Domain.Sites;

namespace Skerry.Domain.Replication;

/// <summary>Settings of a site that concern all its replications.</summary>
public sealed class AckOptions
{
    /// <summary>How long a primary may go on acknowledging after its target last answered; by default 10 s.</summary>
    public TimeSpan Lease { get; init; } = Recovery.LeaseRule.DefaultLength;
}

/// <summary>Makes a mover's tasks of what is stored: every caller the same, since one that differs begins the transfer anew.</summary>
public sealed class MoverTasks(SiteContext site, AckOptions options)
{
    internal MoverTask Of(StateView state, Relation relation, string backend, Generation generation, DateTimeOffset? run)
    {
        var (target, _) = relation.ReplicaOf(generation.Site);
        if (generation.Site != site.SelfText || relation.SourceOf(generation.Site) != site.SelfText)
        {
            // Only where writers are, and the replica is fed from there, is there anything to wait for.
            return new MoverTask(relation.Id, relation.VolumeId, backend, target, generation, run)
            {
                AskedAt = relation.SyncRequestedAt,
                IsCiphertextOnly = relation.IsCiphertextOnly,
                IsPassedOn = true,
                Acks = AckTerms.None,
            };
        }

        return new MoverTask(relation.Id, relation.VolumeId, backend, target, generation, run)
        {
            AskedAt = relation.SyncRequestedAt,
            IsCiphertextOnly = relation.IsCiphertextOnly,
            MayAdopt = relation.AdoptFrom is not null,
            Acks = new AckTerms(
                relation.WaitsForReplica && !relation.IsPaused, relation.Stops, options.Lease, relation.LocalOnly is not null,
                IsFenced(state, target)),
        };
    }

    private static bool IsFenced(StateView state, string siteId) =>
        state.Find(EntityKinds.Site, siteId)?.Json(SiteFields.Verdict, SitesJson.Default.Verdict) is { State: Verdict.Fenced };
}
