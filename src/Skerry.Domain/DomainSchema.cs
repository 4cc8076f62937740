using Skerry.Domain.Volumes;
using Skerry.State.Merging;
using static Skerry.State.Merging.FieldUse;
using static Skerry.State.Merging.MergeRule;

namespace Skerry.Domain;

/// <summary>
/// How concurrent writes to each field are settled, in one table. A field that is not here is desired and settled by
/// <see cref="Latest"/>; what is here differs from that, and why is said beside it. A field's rule never changes: a new rule is a
/// new field.
/// </summary>
public static class DomainSchema
{
    /// <summary>The rules of all kinds.</summary>
    public static StateSchema Schema { get; } = new(
    [
        // A site says of itself what it has; nobody else writes it, and evicting a site is not held up by it.
        new(EntityKinds.Site, BackendReport.Field, Owner, Observed),
        new(EntityKinds.Site, "version", Owner, Observed),

        // A key or an address that somebody else could overrule would let him speak for the site.
        new(EntityKinds.Site, "certificate", Owner),
        new(EntityKinds.Site, "token_key", Owner),
        new(EntityKinds.Site, "api_url", Owner),

        // Each end of a link says what it sees of the other.
        new(EntityKinds.Link, "seen_by_a", Owner, Observed),
        new(EntityKinds.Link, "seen_by_b", Owner, Observed),

        // The owner of a volume says how it is; that never keeps a deleted volume alive.
        new(EntityKinds.Volume, "status", Owner, Observed),
        new(EntityKinds.Volume, "error_reason", Owner, Observed),
        new(EntityKinds.Volume, "size_gib", Owner, Observed),
        new(EntityKinds.Volume, "backend", Owner, Observed),
        new(EntityKinds.Volume, "allocated_bytes", Owner, Observed),
        new(EntityKinds.Snapshot, "status", Owner, Observed),
        new(EntityKinds.Snapshot, "error_reason", Owner, Observed),
        new(EntityKinds.Snapshot, "position", Owner, Observed),

        // Only the target site knows how far an operation has come.
        new(EntityKinds.Operation, "status", Owner, Observed),
        new(EntityKinds.Operation, "reason", Owner, Observed),
        new(EntityKinds.Operation, "result", Owner, Observed),
        new(EntityKinds.Operation, "progress", Owner, Observed),
        new(EntityKinds.Operation, "refusal", Owner, Observed),
        new(EntityKinds.Operation, "started_at", Owner, Observed),
        new(EntityKinds.Operation, "finished_at", Owner, Observed),

        new(EntityKinds.Replication, "source_status", Owner, Observed),
        new(EntityKinds.Replication, "target_status", Owner, Observed),
        new(EntityKinds.Replication, "local_only", Owner, Observed),

        new(EntityKinds.Replication, "purged", Owner, Observed),

        // The primary's site says what it cut, the replica's what has arrived.
        new(EntityKinds.Group, "cut_status", Owner, Observed),
        new(EntityKinds.Group, "point_status", Owner, Observed),
        new(EntityKinds.Group, "shipped_cut", Owner, Observed),

        // The site that makes a drill's clones chooses what they are of.
        new(EntityKinds.GroupDrill, "cut_id", Owner, Observed),

        // Only a site that can open a volume's key can wrap it for another; losing one of two wrappings of one key loses nothing.
        new(EntityKinds.Replication, "home_key", Owner, Observed),
        new(EntityKinds.Replication, "target_key", Owner, Observed),

        // Limits are set from above where there is an above.
        new(EntityKinds.Quota, "volumes", Hub),
        new(EntityKinds.Quota, "gigabytes", Hub),
        new(EntityKinds.Quota, "snapshots", Hub),
    ]);

    /// <summary>The rank of a write to a field of rule <see cref="Owner"/> by the owner.</summary>
    public const int OwnerRank = 1;
}
