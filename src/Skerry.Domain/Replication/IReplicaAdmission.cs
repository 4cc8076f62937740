namespace Skerry.Domain.Replication;

/// <summary>Judges from the replicated state whether a site may send blocks of a volume to this one.</summary>
public interface IReplicaAdmission
{
    /// <summary>
    /// Whether <paramref name="peer"/>, an authenticated site id, may be the source of this volume's copy here under the generation
    /// that it names. Asked again whenever generations or replications change.
    /// </summary>
    AdmissionVerdict Judge(string replicationId, string volumeId, string peer, long generation, string generationId);

    /// <summary>
    /// True when the local copy wrote, as a primary of its own, in one of these generations: what it then wrote after a fork is
    /// somebody's data and has to be kept.
    /// </summary>
    bool WasPrimaryHere(string volumeId, long generation);

    /// <summary>
    /// Records durably that what this copy wrote apart was kept, so that people can find it: a snapshot entity of that id and name.
    /// Idempotent.
    /// </summary>
    ValueTask KeepDivergedAsync(
        string volumeId, string snapshotId, string name, long sizeBytes, string position, CancellationToken cancellationToken);
}

/// <summary>What came of the judgement.</summary>
/// <param name="Backend">Where the copy is, or is to be made; null when not admitted.</param>
/// <param name="MayResync">False when a copy that diverged has to wait for a person.</param>
/// <param name="Refusal">Why not; null when admitted.</param>
/// <param name="IsTemporary">True when the refusal may pass by itself, as when the state has not arrived yet.</param>
/// <param name="Generation">The highest generation known here, for a source that has missed it.</param>
/// <param name="WrappedKey">The key of an encrypted volume, wrapped for this site; null for a plain one.</param>
public sealed record AdmissionVerdict(
    string? Backend, bool MayResync, Refusal? Refusal, bool IsTemporary, long Generation, string? WrappedKey = null)
{
    /// <summary>
    /// The volume of this site whose data the copy begins with, though it shares no history with the source: the volume's own id for a copy
    /// that is here already, another's to begin with a clone of that. Null when nothing is to be taken over.
    /// </summary>
    public string? AdoptFrom { get; init; }

    /// <summary>True when the copy is to be of ciphertext: what the source sends must be that.</summary>
    public bool IsCiphertextOnly { get; init; }
}
