using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>Says what this site's backends are and what space they have: at once when one appears, fails or fills, else now and then.</summary>
public sealed class BackendReconciler(SiteContext site, VolumeDrivers drivers) : IReconciler
{
    private static readonly Actor Self = Actor.System("backends");
    private static readonly TimeSpan MeasureEvery = TimeSpan.FromSeconds(30);

    public string Name => "backends";

    public IReadOnlyCollection<string> Kinds { get; } = [];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var reports = new List<StepReport>();
        var now = new List<BackendReport>();
        foreach (var driver in drivers.All)
        {
            now.Add(await MeasureAsync(driver, cancellationToken));
        }

        var before = BackendReport.Of(StateView.Of(site.Replica), site.SelfText);
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

        return StepResult.After(MeasureEvery).With(reports);
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
        try
        {
            var space = await driver.MeasureAsync(cancellationToken);
            return new BackendReport(driver.Backend, driver.DriverName, space.TotalBytes, space.FreeBytes, space.AllocatedBytes, at);
        }
        catch (DriverException e)
        {
            return new BackendReport(driver.Backend, driver.DriverName, 0, 0, 0, at, e.Message);
        }
    }

    private static bool Equals(IReadOnlyList<BackendReport> before, List<BackendReport> now, bool ignoreSpace) =>
        before.Select(b => Comparable(b, ignoreSpace)).SequenceEqual(now.Select(b => Comparable(b, ignoreSpace)));

    private static BackendReport Comparable(BackendReport report, bool ignoreSpace) => ignoreSpace
        ? report with { ReportsAt = "", FreeBytes = 0, AllocatedBytes = 0 }
        : report with { ReportsAt = "" };
}
