using Skerry.Domain.Operations;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Recovery;

/// <summary>Clears holds that nobody will finish, so that a primary never stands still for an operation that has ended.</summary>
public sealed class HandoverReconciler(SiteContext site) : IReconciler
{
    private static readonly Actor Self = Actor.System("handover");

    public string Name => "handover";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Handover, EntityKinds.Operation];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var stale = Handover.All(state).Where(h => IsMine(state, h) && IsStale(state, h)).Select(h => h.VolumeId).ToList();
        if (stale.Count == 0)
        {
            return StepResult.Done;
        }

        await site.DecideAsync(
            Self,
            transaction =>
            {
                var view = StateView.Of(transaction);
                foreach (var volumeId in stale.Where(v => Handover.Find(view, v) is { } held && IsStale(view, held)))
                {
                    Handover.Clear(transaction, volumeId);
                }

                return default(Unit);
            },
            cancellationToken);
        await FailPoint.ReachAsync(RecoveryMoments.HoldCleared, site);
        return StepResult.Done.With([.. stale.Select(v => new StepReport($"Volume {v} is no longer held for a handover."))]);
    }

    private bool IsMine(StateView state, Handover held) =>
        OperationEntity.Find(state, held.OperationId) is { } operation
            ? operation.TargetSite == site.SelfText
            : Generations.Owner(Generations.Of(state, held.VolumeId)) == site.SelfText;

    private static bool IsStale(StateView state, Handover held) =>
        OperationEntity.Find(state, held.OperationId) is not { IsFinished: false };
}
