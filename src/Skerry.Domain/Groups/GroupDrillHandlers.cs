using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Groups;

/// <summary>Makes the clones of a group's drill, all at one cut, and lets them take writes together. The replicas are not touched.</summary>
/// <remarks>
/// The steps follow from what is stored: the cut is written before the first clone is made of it, and no clone can be connected to before
/// all are there, since their generations are one write. So a crash in between goes on with the same cut; where that is no longer kept,
/// what was cloned is dropped before another one is chosen, and nobody can have written to it.
/// </remarks>
internal sealed class StartGroupDrillHandler(SiteContext site, VolumeDrivers drivers, GroupMarks marks) : IOperationHandler
{
    private const int Attempts = 5;
    private static readonly Actor Self = Actor.System("drills");

    public string Kind => GroupOperations.StartDrill;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        if (GroupDrill.Find(state, operation.Entity.Id) is not { Members.Count: > 0 } drill)
        {
            return OperationResult.Failed($"Drill {operation.Entity.Id} was stopped before it began.");
        }

        if (drill.Members.All(m => Generations.Of(state, m.Id).Count > 0))
        {
            return OperationResult.Succeeded();
        }

        foreach (var member in drill.Members)
        {
            // A volume that must not be written here in the clear has no key here, and its clone has none either.
            if (drivers.Holding(member.VolumeId)?.Keys?.WhyLocked(member.VolumeId) is { } locked)
            {
                return Failed(drill, $"The copy of volume {member.VolumeId} at site {site.SiteName} cannot be opened: {locked}.");
            }
        }

        try
        {
            var cloned = await CloneAsync(drill, cancellationToken);
            return cloned.IsRefused
                ? Failed(drill, cloned.Refusal!.ToString())
                : await OpenAsync(drill, cloned.Value, cancellationToken);
        }
        catch (DriverException e)
        {
            await DropAsync(drill, cancellationToken);
            return Failed(drill, e.Message);
        }
    }

    /// <summary>Nobody can have written to a clone before all of them had their generation.</summary>
    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);

    /// <summary>All members, cloned at one cut; or why not, and then nothing of it is left.</summary>
    private async ValueTask<Outcome<IReadOnlyDictionary<string, KeptMark>>> CloneAsync(GroupDrill drill, CancellationToken cancellationToken)
    {
        var known = drill.Cut;
        for (var attempt = 1; ; attempt++)
        {
            var kept = await marks.OfAsync(drill.Members.Select(m => m.VolumeId), cancellationToken);
            var cut = drill.Asked ?? known ?? GroupPoint.Of(kept).Newest;
            var at = cut is { } wanted ? At(kept, wanted) : null;
            if (cut is { } chosen && at is not null)
            {
                if (chosen != known)
                {
                    await ChooseAsync(drill, chosen, cancellationToken);
                }

                var isWhole = true;
                foreach (var member in drill.Members)
                {
                    isWhole = isWhole && await marks.CloneAsync(member.VolumeId, chosen, member.Id, cancellationToken);
                    await FailPoint.ReachAsync(GroupMoments.MemberCloned, site);
                }

                if (isWhole)
                {
                    return Outcome<IReadOnlyDictionary<string, KeptMark>>.Of(at);
                }
            }

            await DropAsync(drill, cancellationToken);
            known = null;
            if (drill.Asked is not null || cut is null || attempt == Attempts)
            {
                return cut is null
                    ? Refusal.State($"There is no cut of group {drill.GroupName} that the copies of all its volumes here have.", "Wait for one.")
                    : Refusal.State($"Not all copies of group {drill.GroupName} here keep cut {cut} any more.", "Ask again, for the newest or for one that they keep.");
            }
        }
    }

    private static Dictionary<string, KeptMark>? At(IReadOnlyDictionary<string, IReadOnlyList<KeptMark>> kept, Cut cut)
    {
        var at = new Dictionary<string, KeptMark>(StringComparer.Ordinal);
        foreach (var (volumeId, own) in kept)
        {
            if (own.FirstOrDefault(m => m.Cut == cut && m.IsInHistory) is { } mark)
            {
                at[volumeId] = mark;
            }
        }

        return at.Count == kept.Count ? at : null;
    }

    private async ValueTask ChooseAsync(GroupDrill drill, Cut cut, CancellationToken cancellationToken) =>
        await site.DecideAsync(
            Self,
            transaction =>
            {
                if (GroupDrill.Find(StateView.Of(transaction), drill.Id) is not null)
                {
                    transaction.Set(GroupDrill.Key(drill.Id), GroupDrill.CutField, FieldValue.FromString(cut.Id), DomainSchema.OwnerRank);
                }

                return default(Unit);
            },
            cancellationToken);

    private async ValueTask<OperationResult> OpenAsync(
        GroupDrill drill, IReadOnlyDictionary<string, KeptMark> at, CancellationToken cancellationToken)
    {
        var opened = new List<(Drill Member, Generation Generation, string Backend, RecoveryPoint Point)>();
        foreach (var member in drill.Members)
        {
            var mark = at[member.VolumeId];
            if (drivers.Holding(member.Id) is not { } driver)
            {
                await DropAsync(drill, cancellationToken);
                return Failed(drill, $"No backend of site {site.SiteName} holds the clone of volume {member.VolumeId}.");
            }

            var number = Math.Max(1, mark.Generation);
            await driver.OpenForWritingAsync(member.Id, number, cancellationToken);
            opened.Add((
                member,
                new Generation(member.Id, number, site.Ids.NewUuid(), site.SelfText, ForkNumber: 0, ParentId: null, Planned: true),
                driver.Backend,
                new RecoveryPoint(mark.Generation, mark.Number, mark.Cut.TakenAt)));
        }

        return OperationResult.Succeeded(transaction =>
        {
            foreach (var (member, generation, backend, point) in opened)
            {
                Drill.Opened(transaction, generation, backend, point.Number, point);
            }
        });
    }

    private async ValueTask DropAsync(GroupDrill drill, CancellationToken cancellationToken)
    {
        foreach (var member in drill.Members)
        {
            if (drivers.Holding(member.Id) is { } driver)
            {
                await driver.DeleteAsync(member.Id, cancellationToken);
            }
        }
    }

    private static OperationResult Failed(GroupDrill drill, string reason) =>
        OperationResult.Failed(reason, transaction =>
        {
            foreach (var member in drill.Members)
            {
                VolumeEntity.WriteStatus(transaction, VolumeEntity.Key(member.Id), VolumeStatus.Error, reason);
            }
        });
}

/// <summary>Drops all clones of a group's drill, whoever is connected to them.</summary>
internal sealed class StopGroupDrillHandler(SiteContext site, VolumeDrivers drivers, ExportRegistry exports) : IOperationHandler
{
    public string Kind => GroupOperations.StopDrill;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        if (GroupDrill.Find(StateView.Of(site.Replica), operation.Entity.Id) is not { } drill)
        {
            return OperationResult.Succeeded();
        }

        foreach (var member in drill.Members)
        {
            try
            {
                exports.RevokeVolume(member.Id);
                if (drivers.Holding(member.Id) is { } driver)
                {
                    await driver.DeleteAsync(member.Id, cancellationToken);
                }
            }
            catch (DriverException e)
            {
                return OperationResult.Failed(
                    e.PublicMessage, t => VolumeEntity.WriteStatus(t, VolumeEntity.Key(member.Id), VolumeStatus.ErrorDeleting, e.Message));
            }
        }

        return OperationResult.Succeeded(transaction =>
        {
            foreach (var member in drill.Members)
            {
                DeleteVolumeHandler.Forget(transaction, member.Id);
            }

            transaction.Delete(GroupDrill.Key(drill.Id));
        });
    }

    /// <summary>Dropping is idempotent.</summary>
    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);
}
