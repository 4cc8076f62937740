using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Recovery;

/// <summary>
/// Lets a copy take writes only in the line that its generation began: whole, freed from its source, and at the very write at which
/// the generation forked, or beyond it in that same generation.
/// </summary>
public sealed class PromotionGuard(IEnumerable<IReplicaStore> stores) : IOpenGuard
{
    private readonly IReadOnlyList<IReplicaStore> _stores = [.. stores];

    public async ValueTask<string?> ReasonToWaitAsync(Generation generation, CancellationToken cancellationToken)
    {
        if (generation.ParentId is null)
        {
            return null;
        }

        foreach (var store in _stores)
        {
            if (await store.FindAsync(generation.VolumeId, cancellationToken) is null)
            {
                continue;
            }

            using var hold = await store.SettleAsync(generation.VolumeId, cancellationToken);
            return hold.Copy is not { } copy
                ? "the copy here has no whole state. Promote the copy that has one."
                : copy.Number == generation.ForkNumber || copy.Generation == generation.Number
                    ? null
                    : $"generation {generation.Number} forked at number {generation.ForkNumber}, and the copy here stands at {copy.Number} "
                        + $"of generation {copy.Generation}. Promote it by force to go on from there, or promote the copy that has everything.";
        }

        return null;
    }
}
