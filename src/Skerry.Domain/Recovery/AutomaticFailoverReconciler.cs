using Skerry.Domain.Groups;
using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.Domain.Sites;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Recovery;

/// <summary>
/// Promotes this site's copies by itself, where a relation says so: when the primary's site is not heard here and the lease that this
/// site granted it has run out, so that it has certainly stopped.
/// </summary>
/// <remarks>
/// It only asks: the promotion is an operation like a person's forced one, which judges all of this again. What decides is on disk
/// (the lease's record) and in this process (when it last granted); a restart waits a full lease.
/// </remarks>
public sealed class AutomaticFailoverReconciler(
    SiteContext site, OperationService operations, IEnumerable<IReplicaStore> stores, ILinkStatus links) : IReconciler
{
    private static readonly Actor Self = Actor.System("automatic failover");
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(15);

    private readonly IReadOnlyList<IReplicaStore> _stores = [.. stores];
    private readonly PromotionFactsReader _reader = new(site, [.. stores], links);

    public string Name => "automatic-failover";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Replication, EntityKinds.Generation, EntityKinds.GroupMember];

    /// <summary>Whether this site may promote its copy by itself, by what is known of the relation; not whether the lease has run out.</summary>
    internal static Relation? Find(StateView state, string self, string volumeId)
    {
        if (state.Find(EntityKinds.Volume, volumeId) is null || Generations.Primary(state, volumeId) is not { IsSplitBrain: false } primary
            || primary.Current.IsDemoted || primary.Current.Site == self)
        {
            return null;
        }

        // Joined to a group at one site while it was made automatic at another: alone it would leave the group of different instants.
        if (GroupMembers.GroupOf(state, volumeId) is not null)
        {
            return null;
        }

        // Two that want it were set apart from each other; which one the primary takes its lease from is not known here for certain.
        var automatic = Relation.OfVolume(state, volumeId).Where(IsAutomatic).ToList();
        return automatic is [var only] && only.ReplicaOf(primary.Current.Site).Site == self ? only : null;
    }

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var reports = new List<StepReport>();
        TimeSpan? again = null;
        foreach (var volumeId in Relation.All(state).Where(IsAutomatic).Select(r => r.VolumeId).Distinct().ToList())
        {
            if (Find(state, site.SelfText, volumeId) is not { } relation || Generations.Primary(state, volumeId) is not { } primary)
            {
                continue;
            }

            again = LookEvery;
            if (await LeaseWait.FindAsync(_stores, primary.Current, cancellationToken) is not { Left: var left } lease
                || lease.ReplicationId != relation.Id || left > TimeSpan.Zero
                || (await _reader.ReadAsync(state, primary, volumeId, site.SelfText, cancellationToken)) is { IsPrimaryConnected: true } or { IsWhole: false })
            {
                continue;
            }

            if (await AskAsync(volumeId, primary.Current, cancellationToken))
            {
                await FailPoint.ReachAsync(RecoveryMoments.AutomaticAsked, site);
                var name = new SiteDirectory(site, state).NameOf(primary.Current.Site);
                reports.Add(new StepReport(
                    $"Site {name}, the primary of volume {volumeId}, is not heard, and its lease has run out: the copy here is promoted.", IsProblem: true));
            }
        }

        return (again is { } pace ? StepResult.After(pace) : StepResult.Done).With(reports);
    }

    private static bool IsAutomatic(Relation relation) => relation.Failover == FailoverPolicies.Automatic && relation.Stops;

    /// <summary>False when it was asked for already, or failed a moment ago.</summary>
    private async ValueTask<bool> AskAsync(string volumeId, Generation current, CancellationToken cancellationToken) =>
        await site.DecideAsync(
            Self,
            transaction =>
            {
                var view = StateView.Of(transaction);
                var mine = view.List(EntityKinds.Operation).Select(OperationEntity.Read).Where(
                    o => o.Kind == RecoveryOperations.Promote && o.Entity.Id == volumeId && o.TargetSite == site.SelfText);
                if (mine.Any(o => !o.IsFinished || site.Now - o.FinishedAt < RetryAfter))
                {
                    return false;
                }

                var parameters = new RecoveryParameters(current.Id, site.SelfText, IsForced: true, Drain: false) { IsAutomatic = true };
                operations.Enqueue(
                    transaction,
                    new OperationRequest(
                        RecoveryOperations.Promote, VolumeEntity.Key(volumeId), site.SelfText,
                        FieldValue.Serialize(parameters, RecoveryJson.Default.RecoveryParameters))
                    {
                        Deadline = site.Now + Deadline,
                    },
                    Self);
                return true;
            },
            cancellationToken);
}
