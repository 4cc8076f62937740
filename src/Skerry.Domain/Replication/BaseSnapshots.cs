namespace Skerry.Domain.Replication;

/// <summary>The snapshots that replications keep for themselves. They are nobody's entities, so nothing that people delete takes them along.</summary>
public static class BaseSnapshots
{
    /// <summary>Keeps the last whole state of a replica while a newer one is put beside it.</summary>
    public const string RecoveryPoint = "recovery-point";

    private const string Prefix = "repl-";

    /// <summary>What a source ships, kept until the replica has it.</summary>
    public static string OfSource(string replicationId) => Prefix + replicationId;

    /// <summary>Why a snapshot of this id is not to be deleted; null when it is none of these.</summary>
    internal static Refusal? Protects(StateView state, string snapshotId)
    {
        if (snapshotId == RecoveryPoint)
        {
            return Refusal.State(
                "Snapshot recovery-point keeps the last whole state of a replica while it catches up, and nothing else could be promoted then.",
                "It goes by itself when the catch-up is complete.");
        }

        return snapshotId.StartsWith(Prefix, StringComparison.Ordinal) && Relation.Find(state, snapshotId[Prefix.Length..]) is { } relation
            ? Refusal.State(
                $"Snapshot {snapshotId} is what replication {relation.Id} of volume {relation.VolumeId} ships, and its replica needs it.",
                "It goes by itself when the replica is whole; or delete the replication first.")
            : null;
    }
}
