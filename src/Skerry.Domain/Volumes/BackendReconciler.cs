using Skerry.Domain.Replication;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>
/// Says what this site's backends are and what space they have: at once when one appears or fails, else now and then. It also makes
/// a volume type for each driver. A site that joins a cloud forgets both, so they are looked at whenever sites change.
/// </summary>
public sealed class BackendReconciler(SiteContext site, VolumeDrivers drivers, ReplicationTargets targets) : IReconciler
{
    private static readonly Actor Self = Actor.System("backends");
    private static readonly TimeSpan MeasureEvery = TimeSpan.FromSeconds(30);

    private IReadOnlyList<BackendReport> _told = [];
    private DateTimeOffset _toldAt = DateTimeOffset.MinValue;

    public string Name => "backends";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Site];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        await EnsureTypesAsync(cancellationToken);
        var before = BackendReport.Of(StateView.Of(site.Replica), site.SelfText);
        var sinceTold = site.Now - _toldAt;
        if (sinceTold < MeasureEvery && before.SequenceEqual(_told))
        {
            return StepResult.After(MeasureEvery - sinceTold);
        }

        var reports = new List<StepReport>();
        var now = new List<BackendReport>();
        foreach (var driver in drivers.All)
        {
            now.Add(await MeasureAsync(driver, cancellationToken));
        }

        if (!Equals(before, now, ignoreSpace: true))
        {
            reports.AddRange(now.Where(b => b.Error is not null).Select(b => new StepReport($"Backend {b.Name} cannot be used: {b.Error}", IsProblem: true)));
            await site.DecideAsync(
                Self,
                transaction =>
                {
                    Write(transaction, now);
                    return default(Unit);
                },
                cancellationToken);
        }
        else if (!Equals(before, now, ignoreSpace: false))
        {
            await site.MeasureAsync(Self, transaction => Write(transaction, now), cancellationToken);
        }

        _told = BackendReport.Of(StateView.Of(site.Replica), site.SelfText);
        _toldAt = site.Now;
        return StepResult.After(MeasureEvery).With(reports);
    }

    private async ValueTask EnsureTypesAsync(CancellationToken cancellationToken)
    {
        var missing = VolumeTypes.Missing(site.Replica, drivers.All.Select(d => d.DriverName));
        if (missing.Count > 0)
        {
            await site.DecideAsync(
                Self,
                transaction =>
                {
                    VolumeTypes.WriteDefaults(transaction, missing);
                    return default(Unit);
                },
                cancellationToken);
        }
    }

    private void Write(State.ITransaction transaction, List<BackendReport> reports) =>
        transaction.Set(
            new EntityKey(EntityKinds.Site, site.SelfText),
            BackendReport.Field,
            FieldValue.Serialize(reports, DomainJson.Default.ListBackendReport),
            DomainSchema.OwnerRank);

    private async ValueTask<BackendReport> MeasureAsync(IVolumeDriver driver, CancellationToken cancellationToken)
    {
        var at = Instants.ToField(site.Now);
        var allowed = targets.Of(driver.Backend);
        try
        {
            var space = await driver.MeasureAsync(cancellationToken);
            return new BackendReport(driver.Backend, driver.DriverName, space.TotalBytes, space.FreeBytes, space.AllocatedBytes, at, null, allowed);
        }
        catch (DriverException e)
        {
            return new BackendReport(driver.Backend, driver.DriverName, 0, 0, 0, at, e.Message, allowed);
        }
    }

    private static bool Equals(IReadOnlyList<BackendReport> before, List<BackendReport> now, bool ignoreSpace) =>
        before.Select(b => Comparable(b, ignoreSpace)).SequenceEqual(now.Select(b => Comparable(b, ignoreSpace)));

    private static BackendReport Comparable(BackendReport report, bool ignoreSpace) => ignoreSpace
        ? report with { ReportsAt = "", FreeBytes = 0, AllocatedBytes = 0 }
        : report with { ReportsAt = "" };
}
