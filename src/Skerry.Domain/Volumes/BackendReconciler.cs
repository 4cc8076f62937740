using Skerry.Domain.Replication;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>
/// Says what this site's backends are and what space they have: at once when one appears, fails or gets full, else now and then. It also
/// makes a volume type for each driver. A site that joins a cloud forgets both, so they are looked at whenever sites change.
/// </summary>
public sealed class BackendReconciler(SiteContext site, VolumeDrivers drivers, ReplicationTargets targets) : IReconciler
{
    private static readonly Actor Self = Actor.System("backends");

    /// <summary>Often enough to see a backend fill up before it is full; that is looked at, and told only when a level is passed.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan MeasureEvery = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, BackendFullness> _fullness = new(StringComparer.Ordinal);
    private IReadOnlyList<BackendReport> _told = [];
    private DateTimeOffset _lookedAt = DateTimeOffset.MinValue;
    private DateTimeOffset _toldAt = DateTimeOffset.MinValue;

    public string Name => "backends";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Site];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        await EnsureTypesAsync(cancellationToken);
        var before = BackendReport.Of(StateView.Of(site.Replica), site.SelfText);
        var isAsTold = before.SequenceEqual(_told);
        if (site.Now - _lookedAt < LookEvery && isAsTold)
        {
            return StepResult.After(LookEvery - (site.Now - _lookedAt));
        }

        _lookedAt = site.Now;
        var now = new List<BackendReport>();
        foreach (var driver in drivers.All)
        {
            now.Add(await MeasureAsync(driver, cancellationToken));
        }

        var reports = Warnings(now);
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
        else if (isAsTold && site.Now - _toldAt < MeasureEvery)
        {
            return StepResult.After(LookEvery).With(reports);
        }
        else if (!Equals(before, now, ignoreSpace: false))
        {
            await site.MeasureAsync(Self, transaction => Write(transaction, now), cancellationToken);
        }

        _told = BackendReport.Of(StateView.Of(site.Replica), site.SelfText);
        _toldAt = site.Now;
        return StepResult.After(LookEvery).With(reports);
    }

    /// <summary>Once for each level that is passed, and after a start for what is found.</summary>
    private List<StepReport> Warnings(List<BackendReport> now)
    {
        var reports = new List<StepReport>();
        foreach (var backend in now.Where(backend => backend.Error is null))
        {
            var before = _fullness.GetValueOrDefault(backend.Name, BackendFullness.Ample);
            if (BackendFullness.Told(before, backend) is { } report)
            {
                reports.Add(report);
                _fullness[backend.Name] = backend.Fullness;
            }
        }

        return reports;
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
            return new BackendReport(
                driver.Backend, driver.DriverName, space.TotalBytes, space.FreeBytes, space.AllocatedBytes, at, null, allowed, space.LiveBytes, space.DeadBytes);
        }
        catch (DriverException e)
        {
            return new BackendReport(driver.Backend, driver.DriverName, 0, 0, 0, at, e.Message, allowed);
        }
    }

    private static bool Equals(IReadOnlyList<BackendReport> before, List<BackendReport> now, bool ignoreSpace) =>
        before.Select(b => Comparable(b, ignoreSpace)).SequenceEqual(now.Select(b => Comparable(b, ignoreSpace)));

    /// <summary>With space ignored, its fullness still counts.</summary>
    private static (BackendReport Report, int Level) Comparable(BackendReport report, bool ignoreSpace) =>
        (ignoreSpace
            ? report with { ReportsAt = "", FreeBytes = 0, AllocatedBytes = 0, LiveBytes = null, DeadBytes = null }
            : report with { ReportsAt = "" }, report.Fullness.Level);
}
