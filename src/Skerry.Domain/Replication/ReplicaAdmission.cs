using System.Globalization;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>The judgement on sources, from this site's state.</summary>
public sealed class ReplicaAdmission(SiteContext site) : IReplicaAdmission
{
    /// <summary>Of a snapshot that keeps what was written apart: the generation in which.</summary>
    internal const string DivergedGenerationField = "diverged_generation";

    private static readonly Actor Self = Actor.System("replicas");

    public AdmissionVerdict Judge(string replicationId, string volumeId, string peer, long generation, string generationId)
    {
        var state = StateView.Of(site.Replica);
        var names = new SiteDirectory(site, state);
        if (Relation.Find(state, replicationId) is not { } relation || relation.VolumeId != volumeId)
        {
            return Declined($"Site {site.SiteName} does not know replication {replicationId} of volume {volumeId}.", null, 0);
        }

        if (Generations.Primary(state, volumeId) is not { } primary)
        {
            return Declined($"Site {site.SiteName} does not know volume {volumeId} yet.", null, 0);
        }

        var current = primary.Current;
        return primary.IsSplitBrain ? Declined(
                $"Generation {current.Number} of volume {volumeId} was promoted at more than one site.", "Promote the copy to keep.", current.Number)
            : current.Number > generation ? Declined(
                $"Volume {volumeId} is in generation {current.Number} since then; generation {generation} takes no writes any more.",
                "It follows by itself when it learns of that.", current.Number)
            : current.Number < generation || current.Id != generationId ? Declined(
                $"Site {site.SiteName} has not learnt of generation {generation} of volume {volumeId} yet.", null, current.Number)
            : relation.SourceOf(current.Site) is var source && source != peer ? Declined(
                $"Site {names.NameOf(source)}, not {names.NameOf(peer)}, is the {(source == current.Site ? "primary" : "source")} of volume {volumeId} here.",
                null, current.Number)
            : relation.ReplicaOf(current.Site) is var (replicaSite, backend) && replicaSite != site.SelfText ? Declined(
                $"The replica of volume {volumeId} is at site {names.NameOf(replicaSite)}.", null, current.Number)
            : !relation.IsCiphertextOnly && relation.KeyAt(site.SelfText) is null && state.Find(EntityKinds.Volume, volumeId)?.Flag(VolumeEntity.Encrypted) == true ? Declined(
                $"Volume {volumeId} is encrypted, and its key has not been wrapped for site {site.SiteName}; site {names.NameOf(peer)} has the key.",
                $"Site {names.NameOf(peer)} wraps it by itself once it knows the certificate of site {site.SiteName}.", current.Number)
            : Seed(state, relation, names) is { } inTheWay ? Declined(inTheWay.Message, inTheWay.NextStep, current.Number)
            : new AdmissionVerdict(
                relation.BackendAt(site.SelfText) is { Length: > 0 } known ? known : backend,
                relation.OnReturn == ReturnPolicies.Resync || relation.ResyncGeneration == current.Id,
                null,
                false,
                current.Number,
                relation.IsCiphertextOnly ? null : relation.KeyAt(site.SelfText))
            {
                AdoptFrom = relation.AdoptFrom,
                IsCiphertextOnly = relation.IsCiphertextOnly,
            };
    }

    /// <summary>
    /// What keeps the volume that is to be taken over from that, as it is known here now; when it was asked for, less may have been known.
    /// </summary>
    private static Refusal? Seed(StateView state, Relation relation, SiteDirectory names) =>
        relation.AdoptFrom is { } seed && seed != relation.VolumeId ? Adoption.Check(state, seed, relation.ReplicaSide(state), names) : null;

    public bool WasPrimaryHere(string volumeId, long generation) =>
        Generations.Of(StateView.Of(site.Replica), volumeId).Any(g => g.Number == generation && g.Site == site.SelfText);

    public async ValueTask KeepDivergedAsync(
        string volumeId, string snapshotId, string name, long sizeBytes, string position, CancellationToken cancellationToken) =>
        await site.DecideAsync(
            Self,
            transaction =>
            {
                var key = VolumeEntity.SnapshotKey(snapshotId);
                var volume = transaction.Find(VolumeEntity.Key(volumeId));
                if (transaction.Find(key) is not null || volume is null)
                {
                    return default;
                }

                transaction.Set(key, "volume_id", volumeId);
                transaction.Set(key, "name", name);
                if (long.TryParse(name.AsSpan(name.LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var generation))
                {
                    transaction.Set(key, DivergedGenerationField, FieldValue.From(generation));
                }

                transaction.Set(
                    key, "description",
                    $"What site {site.SiteName} wrote and the present primary does not have; kept by a resync until somebody deletes it.");
                transaction.Set(key, "project_id", volume.Text("project_id"));
                transaction.Set(key, "user_id", volume.Text("user_id"));
                transaction.Set(key, "site", site.SelfText);
                transaction.Set(key, "created_at", site.Now);
                transaction.Set(key, VolumeEntity.SizeGib, FieldValue.From((sizeBytes + Volume.BytesPerGib - 1) / Volume.BytesPerGib));
                transaction.Set(key, "position", FieldValue.FromString(position), DomainSchema.OwnerRank);
                VolumeEntity.WriteStatus(transaction, key, VolumeStatus.Available, null);
                return default(Unit);
            },
            cancellationToken);

    // What the state does not allow may be allowed by what it has not learnt yet, so every refusal is worth asking again.
    private static AdmissionVerdict Declined(string message, string? nextStep, long generation) =>
        new(null, false, Refusal.State(message, nextStep), true, generation);
}
