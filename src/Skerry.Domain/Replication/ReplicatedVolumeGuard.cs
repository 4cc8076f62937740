using Skerry.Domain.Volumes;

namespace Skerry.Domain.Replication;

/// <summary>
/// Ends the replications of a volume that is deleted. Its replicas stay at their sites, in the trash, with the relations and the
/// generations by which they are judged.
/// </summary>
public sealed class ReplicatedVolumeGuard(SiteContext site, IEnumerable<IDataMover> movers) : IVolumeDeleteGuard
{
    private readonly IReadOnlyList<IDataMover> _movers = [.. movers];

    public Refusal? Check(StateView state, string volumeId) =>
        Generations.Primary(state, volumeId) is { IsSplitBrain: true }
            ? Refusal.State(
                $"Volume {volumeId} has two primaries of one generation, and it is not decided which copy is the volume.",
                "Promote the copy to keep first.")
            : null;

    public async ValueTask BeforeDeleteAsync(string volumeId, CancellationToken cancellationToken)
    {
        foreach (var relation in Relation.OfVolume(StateView.Of(site.Replica), volumeId))
        {
            foreach (var mover in _movers)
            {
                await mover.CleanupAsync(relation.Id, volumeId, forGood: true, cancellationToken);
            }
        }
    }
}
