using Skerry.Domain.Groups;
using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Recovery;

/// <summary>
/// Makes the clone and lets it take writes in a line of its own. The replica is not touched: what it holds of a whole state is
/// shared, during a catch-up that of its last recovery point.
/// </summary>
internal sealed class StartDrillHandler(SiteContext site, VolumeDrivers drivers, IReadOnlyList<IReplicaStore> stores) : IOperationHandler
{
    public string Kind => RecoveryOperations.StartDrill;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var id = operation.Entity.Id;
        var state = StateView.Of(site.Replica);
        if (operation.Parameters.Deserialize(RecoveryJson.Default.DrillParameters) is not { } wanted
            || state.Find(EntityKinds.Volume, id) is not { } drill)
        {
            return OperationResult.Failed($"Drill {id} was stopped before it began.");
        }

        if (Generations.Of(state, id).Count > 0)
        {
            return OperationResult.Succeeded();
        }

        // A volume that must not be written here in the clear has no key here, and its clone has none either.
        if (drivers.Holding(wanted.VolumeId)?.Keys?.WhyLocked(wanted.VolumeId) is { } locked)
        {
            return Failed($"The copy of volume {wanted.VolumeId} at site {site.SiteName} cannot be opened: {locked}.");
        }

        LocalCopy? copy = null;
        try
        {
            foreach (var store in stores)
            {
                copy ??= await store.CloneAsync(wanted.VolumeId, id, cancellationToken);
            }

            if (copy is null || drivers.Holding(id) is not { } driver)
            {
                return Failed($"The copy of volume {wanted.VolumeId} at site {site.SiteName} has no whole recovery point yet. Wait until its first copy is complete.");
            }

            var number = Math.Max(1, copy.Generation);
            await driver.OpenForWritingAsync(id, number, cancellationToken);
            await FailPoint.ReachAsync(RecoveryMoments.DrillOpened, site);
            var generation = new Generation(id, number, site.Ids.NewUuid(), site.SelfText, ForkNumber: 0, ParentId: null, Planned: true);
            return OperationResult.Succeeded(
                transaction => Drill.Opened(transaction, generation, driver.Backend, copy.Number, copy.RecoveryPoint));
        }
        catch (DriverException e)
        {
            return Failed(e.Message);
        }

        OperationResult Failed(string reason) =>
            OperationResult.Failed(reason, transaction => VolumeEntity.WriteStatus(transaction, VolumeEntity.Key(id), VolumeStatus.Error, reason));
    }

    /// <summary>A clone that is there was made; nobody can have written to it before its generation.</summary>
    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);
}

/// <summary>Drops a drill, whoever is connected to it.</summary>
internal sealed class StopDrillHandler(SiteContext site, VolumeDrivers drivers, ExportRegistry exports) : IOperationHandler
{
    public string Kind => RecoveryOperations.StopDrill;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var id = operation.Entity.Id;
        if (StateView.Of(site.Replica).Find(EntityKinds.Volume, id) is not { } drill || drill.Text(VolumeEntity.DrillOf) is null)
        {
            return OperationResult.Succeeded();
        }

        try
        {
            exports.RevokeVolume(id);
            if (drivers.Holding(id) is { } driver)
            {
                await driver.DeleteAsync(id, cancellationToken);
                await FailPoint.ReachAsync(RecoveryMoments.DrillDropped, site);
            }
        }
        catch (DriverException e)
        {
            return OperationResult.Failed(
                e.PublicMessage, t => VolumeEntity.WriteStatus(t, VolumeEntity.Key(id), VolumeStatus.ErrorDeleting, e.Message));
        }

        return OperationResult.Succeeded(transaction => DeleteVolumeHandler.Forget(transaction, id));
    }

    /// <summary>Dropping is idempotent.</summary>
    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);
}

/// <summary>Asks for the end of drills at this site whose time is over.</summary>
public sealed class DrillReconciler(SiteContext site, DrillService drills, GroupDrillService groupDrills) : IReconciler
{
    private static readonly Actor Self = Actor.System("drills");
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    public string Name => "drills";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Volume, EntityKinds.GroupDrill];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        TimeSpan? again = null;
        var reports = new List<StepReport>();
        foreach (var drill in drills.List(Self).Where(d => d.Site == site.SelfText && d.GroupDrillId is null))
        {
            again = Sooner(again, drill.EndsAt);
            if (drill.EndsAt <= site.Now && !(await drills.StopAsync(Self, drill.Id, cancellationToken)).IsRefused)
            {
                reports.Add(new StepReport($"The drill {drill.Id} of volume {drill.VolumeId} has had its time and is dropped."));
            }
        }

        foreach (var drill in groupDrills.List(Self).Where(d => d.Site == site.SelfText))
        {
            again = Sooner(again, drill.EndsAt);
            if (drill.EndsAt <= site.Now && !(await groupDrills.StopAsync(Self, drill.Id, cancellationToken)).IsRefused)
            {
                reports.Add(new StepReport($"The drill {drill.Id} of group {drill.GroupName} has had its time and is dropped."));
            }
        }

        return (again is { } later ? StepResult.After(later) : StepResult.Done).With(reports);
    }

    /// <summary>Should dropping one fail, it is asked for again.</summary>
    private TimeSpan Sooner(TimeSpan? again, DateTimeOffset endsAt)
    {
        var left = endsAt > site.Now ? endsAt - site.Now : RetryAfter;
        return again is { } sooner && sooner < left ? sooner : left;
    }
}
