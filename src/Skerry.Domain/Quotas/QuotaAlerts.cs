using System.Globalization;
using Skerry.Domain.Alerts;
using Skerry.Domain.Identity;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Quotas;

/// <summary>Projects that use more than they may, as sites that were apart each granted what they knew.</summary>
public sealed class QuotaAlerts(SiteContext site) : IAlertSource
{
    private static readonly TimeSpan CountEvery = TimeSpan.FromSeconds(10);

    private long? _countedAt;
    private IReadOnlyList<Alert> _counted = [];

    public IEnumerable<Alert> Standing()
    {
        if (_countedAt is not { } at || site.Time.GetElapsedTime(at) >= CountEvery)
        {
            _countedAt = site.Time.GetTimestamp();
            _counted = [.. Overruns(StateView.Of(site.Replica))];
        }

        return _counted;
    }

    private IEnumerable<Alert> Overruns(StateView state)
    {
        var used = new Dictionary<string, QuotaAmounts>(StringComparer.Ordinal);
        foreach (var volume in state.List(EntityKinds.Volume).Where(v => v.Text(VolumeEntity.DrillOf) is null))
        {
            Add(volume.Text("project_id", ""), QuotaAmounts.AVolume(volume.Integer(VolumeEntity.SizeGib) ?? 0));
        }

        foreach (var snapshot in state.List(EntityKinds.Snapshot).Where(s => !RunSnapshot.IsOne(s)))
        {
            Add(snapshot.Text("project_id", ""), QuotaAmounts.ASnapshot);
        }

        foreach (var (project, amounts) in used)
        {
            foreach (var resource in QuotaResource.All)
            {
                var limit = QuotaService.LimitOf(state, project, resource);
                if (limit != QuotaUse.Unlimited && amounts.Of(resource) > limit)
                {
                    yield return Of(state, project, resource, amounts.Of(resource), limit);
                }
            }
        }

        void Add(string project, QuotaAmounts more)
        {
            var before = used.GetValueOrDefault(project);
            used[project] = new QuotaAmounts(before.Volumes + more.Volumes, before.Gigabytes + more.Gigabytes, before.Snapshots + more.Snapshots);
        }
    }

    private static Alert Of(StateView state, string project, string resource, long used, long limit)
    {
        var name = state.Find(IdentityKinds.Project, project)?.Text("name") ?? project;
        var over = (used - limit).ToString(CultureInfo.InvariantCulture);
        return new Alert(
            "quota.overrun",
            $"{project}.{resource}",
            AlertSeverity.Warning,
            $"Project {name} uses {over} {resource} more than its quota.",
            $"Delete what is not needed, or raise the limit: skerry quota set {name} --{resource} N; --hard keeps sites from passing it while they are apart.")
        {
            Evidence = [string.Create(CultureInfo.InvariantCulture, $"in use {used}, limit {limit}"), $"the quota is {(QuotaMode.IsHard(state, project) ? QuotaMode.Hard : QuotaMode.Soft)}"],
        };
    }
}
