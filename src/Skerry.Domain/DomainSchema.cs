using Skerry.Domain.Identity;
using Skerry.Domain.Sites;
using Skerry.State.Merging;
using Skerry.State.Trust;
using static Skerry.State.Merging.DeleteRule;
using static Skerry.State.Merging.FieldUse;
using static Skerry.State.Merging.MergeRule;

namespace Skerry.Domain;

/// <summary>
/// How concurrent writes are settled, in one table: each kind that the product keeps with what a delete does beside an update that it
/// did not know, and each of its fields with its rule, its use, and what it is. State refuses to write a field that is left out here. A
/// field's rule never changes: a new rule is a new field. docs/reference/merge-rules.md is made from this.
/// </summary>
public static class DomainSchema
{
    /// <summary>The rank of a write to a field of rule <see cref="Owner"/> by the owner.</summary>
    public const int OwnerRank = 1;

    /// <summary>The table.</summary>
    public static IReadOnlyList<KindRow> Kinds { get; } =
    [
        new(EntityKinds.Cloud, Wins, "The cloud itself. It is never deleted.",
        [
            new(Latest, Fixed, "drawn by the first site", "id"),
            new(Latest, Desired, "as the configuration of the site that started last and names some says", "witnesses"),
        ]),
        new(EntityKinds.Site, Wins, "A site.", SiteAuthority.OverSites, "What is settled by `owner` only the site itself; who takes it in, before it said anything.",
        [
            new(Latest, Desired, "as its configuration says", "name", "region", "role", "sync_address"),
            new(Latest, Desired, "what a person decided about it; revoking is never taken back", "verdict", "revoked", "evicted", "accepted"),
            new(Latest, Fixed, "when it became a member", "joined_at"),
            new(Owner, Desired, "a key or an address that somebody else could overrule would let him speak for the site", "certificate", "next_certificate", "previous_certificate", "key_certificate", "certificate_rotation", "seals_above", "token_key", "api_url"),
            new(Owner, Observed, "what it says of itself", "backends", "version", "capabilities", "clock", "incarnations", "identity", "returned", "session_mark", "accepts_next"),
        ]),
        new(EntityKinds.Link, Wins, "A connection of two sites.", SiteAuthority.OverLinks, "What ends in `_a` but addresses only the end of the smaller id, in `_b` only the other.",
        [
            new(Latest, Desired, "each end's, for the other to dial or to heed", "address_a", "address_b", "down_a", "down_b"),
            new(Owner, Observed, "what each end sees of the other", "seen_by_a", "seen_by_b"),
        ]),
        new(EntityKinds.Suspicion, Wins, "A witness's word that it does not hear a site.",
        [
            new(Owner, Observed, "a witness votes for itself", "vote"),
        ]),
        new(EntityKinds.Invitation, Wins, "A permission to join, good once.",
        [
            new(Latest, Fixed, "as it was made", "hash", "for_name", "expires_at", "made_by_site"),
            new(Latest, Desired, "who joined with it; beside a withdrawal that did not know it, it is shown", "used_by"),
        ]),

        new(IdentityKinds.Domain, Wins, "A domain of users and projects.",
        [
            new(Latest, Desired, "as its administrators say", "name", "description"),
            new(Strict, Desired, "disabling wins over an enabling that did not know it", "enabled"),
        ]),
        new(IdentityKinds.Project, Wins, "A project.",
        [
            new(Latest, Fixed, "as it was made", "domain_id"),
            new(Latest, Desired, "as its administrators say", "name", "description"),
            new(Strict, Desired, "disabling wins over an enabling that did not know it", "enabled"),
        ]),
        new(IdentityKinds.User, Wins, "A user.",
        [
            new(Latest, Fixed, "as it was made", "domain_id"),
            new(Latest, Desired, "as its administrators say", "name", "description", "email", "default_project_id"),
            new(Latest, Desired, "a hash; the newest password is the one that works", "password"),
            new(Strict, Desired, "disabling wins over an enabling that did not know it", "enabled"),
        ]),
        new(IdentityKinds.Role, Wins, "A role.",
        [
            new(Latest, Desired, "as its administrators say", "name", "description"),
        ]),
        new(IdentityKinds.Assignment, Stays, "Who has which role where. A removal wins over a grant that did not know it.",
        [
            new(Latest, Fixed, "that it was given", "granted"),
        ]),
        new(IdentityKinds.Revocation, Clears, "A token that ended before its time. It goes when the token would have expired.",
        [
            new(Latest, Fixed, "as it was made", "expires_at", "site"),
        ]),

        new(EntityKinds.Volume, Waits, "A volume.",
        [
            new(Latest, Desired, "what its people call it and keep with it", "name", "description", "metadata", "is_bootable"),
            new(Latest, Fixed, "as it was made", "project_id", "user_id", "type", "created_at", "source_volume_id", "source_snapshot_id", "encrypted"),
            new(Latest, Fixed, "of a drill's clone: of what, where in its log, until when", "drill_of", "drill_ends_at", "drill_recovery_point", "drill_number", "drill_made_by", "drill_group"),
            new(Latest, Fixed, "where it was made; who holds it now is said by its generations", "site"),
            new(Owner, Observed, "how it is, as its owner sees it", "status", "error_reason", "size_gib", "backend", "allocated_bytes"),
        ]),
        new(EntityKinds.Snapshot, Waits, "A snapshot of a volume.",
        [
            new(Latest, Desired, "what its people call it and keep with it", "name", "description", "metadata"),
            new(Latest, Fixed, "as it was made", "volume_id", "project_id", "user_id", "site", "created_at", "diverged_generation", "replication_id"),
            new(Latest, Observed, "written by its owner, also before there are ranks to tell owners by", "size_gib", "released_at"),
            new(Owner, Observed, "how it is, as its owner sees it", "status", "error_reason", "position"),
        ]),
        new(EntityKinds.SnapshotCopy, Clears, "That a site has a snapshot. Each site writes its own.",
        [
            new(Latest, Fixed, "as it was made", "snapshot_id", "volume_id", "site"),
        ]),
        new(EntityKinds.VolumeType, Wins, "A type of volumes.",
        [
            new(Latest, Fixed, "as it was made", "created_at"),
            new(Latest, Desired, "as its administrators say; it takes effect for volumes to come", "name", "description", "specs", "encryption", "qos_specs_id"),
        ]),
        new(EntityKinds.QosSpec, Wins, "A set of rates for volumes.",
        [
            new(Latest, Fixed, "as it was made", "created_at"),
            new(Latest, Desired, "as its administrators say", "name", "consumer", "specs"),
        ]),
        new(EntityKinds.Connection, Stays, "What opens a volume. A secret that was made void opens nothing again.",
        [
            new(Latest, Fixed, "as it was made", "volume_id", "snapshot_id", "site", "secret_hash", "read_only", "created_at", "host_note", "client_name"),
        ]),
        new(EntityKinds.Attachment, Stays, "Who says that he uses a volume.",
        [
            new(Latest, Fixed, "as it was made", "volume_id", "instance_id", "host_name", "mount_point", "read_only", "attached_at"),
        ]),
        new(EntityKinds.Quota, Wins, "The limits of a project.",
        [
            new(Hub, Desired, "set from above where there is an above", "volumes", "gigabytes", "snapshots", "mode"),
            new(Latest, Desired, "the site that shares a hard one out; only it, or who fenced it, hands that on", "home"),
        ]),
        new(EntityKinds.QuotaShare, Clears, "What a site was given and gave of a hard quota. Each site writes its own.",
        [
            new(Owner, Observed, "numbers that only grow", "volumes", "gigabytes", "snapshots"),
        ]),
        new(EntityKinds.QuotaCharge, Clears, "What a site's share of a hard quota is used for. Each site writes its own.",
        [
            new(Owner, Observed, "until the thing is gone", "charge"),
        ]),

        new(EntityKinds.Generation, Clears, "A change of a volume's primary. It is written once; two that were made apart are compared, never merged.",
        [
            new(Latest, Fixed, "who became primary and where it forked", "record"),
        ]),
        new(EntityKinds.Handover, Clears, "That a volume's primary takes no writes while it hands over.",
        [
            new(Latest, Fixed, "for which operation, and why", "generation_id", "operation_id", "reason"),
        ]),
        new(EntityKinds.Replication, Wins, "The standing relation of a volume with a replica.",
        [
            new(Latest, Fixed, "as it was made", "volume_id", "created_at", "passed_on", "ciphertext_only"),
            new(Hold, Desired, "where its copies are: a move gives a copy up, so between two targets nothing is shipped until a person chooses", "home_site", "home_backend", "target_site", "target_backend"),
            new(Latest, Desired, "its terms", "mode", "interval_seconds", "start_at", "at", "days", "time_zone", "scheduled_at", "on_return", "paused", "keep_source", "keep_target"),
            new(Latest, Desired, "what its acknowledgements promise", "ack", "on_isolation", "failover"),
            new(Latest, Desired, "what it was asked for once", "sync_requested_at", "resync_generation", "adopt"),
            new(Latest, Observed, "copies that were given up and not yet taken away", "left_sites"),
            new(Owner, Observed, "how it goes, each written by the site that does it", "source_status", "target_status", "local_only", "purged"),
            new(Owner, Observed, "wrapped by a site that can open it; losing one of two wrappings of one key loses nothing", "home_key", "target_key"),
        ]),
        new(EntityKinds.Group, Wins, "Volumes that are cut at one instant and move together.",
        [
            new(Latest, Fixed, "as it was made", "created_at"),
            new(Latest, Desired, "as its administrators say", "name", "mode", "interval_seconds", "start_at", "on_return", "cut_interval_seconds", "keep_source", "keep_target"),
            new(Latest, Desired, "where its members are replicated to; what moves is held by their replications", "target_site", "target_backend"),
            new(Owner, Observed, "what the primary's site cut, and what has arrived at the replica's", "cut_status", "point_status", "shipped_cut"),
        ]),
        new(EntityKinds.GroupMember, Wins, "That a volume belongs to a group.",
        [
            new(Hold, Desired, "a volume that two groups claim moves with neither until a person chooses", "group_id"),
        ]),
        new(EntityKinds.GroupDrill, Clears, "A drill of a group.",
        [
            new(Latest, Fixed, "as it was made", "group_id", "group_name", "site", "asked_cut_id", "created_at", "drill_ends_at", "drill_made_by"),
            new(Owner, Observed, "the site that makes the clones chooses what they are of", "cut_id"),
        ]),
        new(EntityKinds.RecoveryPlan, Wins, "What moves together when a site is lost, and in which order.",
        [
            new(Hold, Desired, "a plan whose order is in doubt is not run", "plan"),
        ]),

        new(EntityKinds.Operation, Clears, "A request that its target carries out.",
        [
            new(Latest, Fixed, "what was asked", "kind", "entity", "target_site", "parameters", "made_by", "made_at", "priority", "deadline", "project_id", "depends_on", "after", "needs", "held_for"),
            new(Latest, Desired, "what the asker of a deletion knew; who settles its conflict knows more", "seen"),
            new(Latest, Desired, "somebody asked to end it", "cancel_requested"),
            new(Owner, Observed, "how it goes, as its target alone says", "status", "reason", "result", "progress", "refusal", "started_at", "finished_at"),
        ]),
    ];

    /// <summary>The table, as State reads it.</summary>
    public static StateSchema Schema { get; } = new([.. Kinds.Select(kind => kind.ToRule())]);
}

/// <summary>A kind of entity.</summary>
/// <param name="Kind">Its word.</param>
/// <param name="OnDelete">What a delete does beside updates that it did not know.</param>
/// <param name="Meaning">What an entity of it is.</param>
/// <param name="Fields">All its fields.</param>
public sealed record KindRow(string Kind, DeleteRule OnDelete, string Meaning, IReadOnlyList<FieldRow> Fields)
{
    /// <summary>A kind of which not every member may write everything.</summary>
    public KindRow(string kind, DeleteRule onDelete, string meaning, Authority mayWrite, string writers, IReadOnlyList<FieldRow> fields)
        : this(kind, onDelete, meaning, fields) => (MayWrite, Writers) = (mayWrite, writers);

    /// <summary>Who may write what; null: every member.</summary>
    public Authority? MayWrite { get; }

    /// <summary>The same in words; null: every member.</summary>
    public string? Writers { get; }

    internal KindRule ToRule() =>
        new(Kind, OnDelete, [.. Fields.SelectMany(row => row.Names.Select(name => new FieldRule(Kind, name, row.Rule, row.Use)))], MayWrite);
}

/// <summary>Fields of one kind that have the same rule for the same reason.</summary>
/// <param name="Rule">How concurrent writes are settled.</param>
/// <param name="Use">Who writes them.</param>
/// <param name="Meaning">What they say, or why the rule is what it is.</param>
/// <param name="Names">The fields.</param>
public sealed record FieldRow(MergeRule Rule, FieldUse Use, string Meaning, params IReadOnlyList<string> Names);
