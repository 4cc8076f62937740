using Skerry.Domain.Sites;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>
/// Wraps the keys of the encrypted volumes whose primary is here for the sites of their replicas. Until that is done the replica's site
/// lets no copy begin; once it is, the site keeps the key with its copy and needs this one no more.
/// </summary>
public sealed class KeyReconciler(SiteContext site, VolumeDrivers drivers) : IReconciler
{
    private static readonly Actor Self = Actor.System("keys");
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    public string Name => "keys";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Replication, EntityKinds.Generation, EntityKinds.Volume, EntityKinds.Site];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var reports = new List<StepReport>();
        foreach (var relation in Relation.All(state))
        {
            if (relation.IsCiphertextOnly || state.Find(EntityKinds.Volume, relation.VolumeId)?.Flag(VolumeEntity.Encrypted) != true
                || Generations.Primary(state, relation.VolumeId)?.IsPrimary(site.SelfText) != true
                || drivers.Holding(relation.VolumeId)?.Keys is not { } keys)
            {
                continue;
            }

            var (target, _) = relation.ReplicaOf(site.SelfText);
            // A site that replaced its certificate still opens volumes with the key that it was made with.
            var there = state.Find(EntityKinds.Site, target);
            if ((there?.Text(SiteFields.KeyCertificate) ?? there?.Text(SiteFields.Certificate)) is not { } certificate)
            {
                // It comes with the site's own entity, whose change calls for another step.
                continue;
            }

            try
            {
                var present = relation.KeyAt(target);
                var wrapped = keys.WrapFor(relation.VolumeId, certificate, present);
                if (wrapped != present)
                {
                    await WriteAsync(relation, relation.KeyFieldOf(target), wrapped, cancellationToken);
                }
            }
            catch (DriverException e)
            {
                reports.Add(new StepReport(
                    $"The key of volume {relation.VolumeId} cannot be wrapped for site {new SiteDirectory(site, state).NameOf(target)}: {e.Message}",
                    IsProblem: true));
            }
        }

        return (reports.Count > 0 ? StepResult.After(RetryAfter) : StepResult.Done).With(reports);
    }

    private async ValueTask WriteAsync(Relation relation, string field, string wrapped, CancellationToken cancellationToken) =>
        await site.DecideAsync(
            Self,
            transaction =>
            {
                if (Relation.Find(StateView.Of(transaction), relation.Id) is not null)
                {
                    transaction.Set(Relation.Key(relation.Id), field, FieldValue.FromString(wrapped), DomainSchema.OwnerRank);
                }

                return default(Unit);
            },
            cancellationToken);
}
