using System.Diagnostics.Metrics;
using Skerry.Domain.Events;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;

namespace Skerry.Domain;

/// <summary>What a site measures of the cloud's state, read when somebody looks; the meter is `Skerry.Domain`.</summary>
/// <remarks>Whoever may look is not asked for a token, so ids stand here and never what people named.</remarks>
public sealed class DomainMetrics : IDisposable
{
    private readonly Meter _meter = new("Skerry.Domain");
    private readonly SiteContext _site;
    private readonly FreshStatuses _fresh;
    private readonly EventJournal _journal;

    public DomainMetrics(SiteContext site, FreshStatuses fresh, EventJournal journal)
    {
        _site = site;
        _fresh = fresh;
        _journal = journal;
        _meter.CreateObservableGauge("skerry.operations", Operations, "{operation}", "Operations that this site carries out, by status.");
        _meter.CreateObservableGauge("skerry.volumes", Volumes, "{volume}", "Volumes that this site holds, by status.");
        _meter.CreateObservableGauge("skerry.replications", Replications, "{replication}", "Replications with an end at this site, by state.");
        _meter.CreateObservableGauge(
            "skerry.replication.lag", () => Lags(s => s.LagBytes), "By", "Written here and not yet durable at the replica, told by the source's site.");
        _meter.CreateObservableGauge(
            "skerry.replication.lag", () => Lags(s => s.LagSeconds), "s", "Age of the oldest write that is not yet durable at the replica, told by the source's site.");
        _meter.CreateObservableGauge(
            "skerry.replication.recovery_point.age", RecoveryPointAges, "s", "Age of the newest state that the replica can be promoted to, told by the replica's site.");
        _meter.CreateObservableCounter(
            "skerry.replication.runs.missed", MissedRuns, "{run}", "Planned runs that will never be run, since the replication was made, told by the source's site.");
        _meter.CreateObservableCounter(
            "skerry.role.changes", RoleChanges, "{change}", "Copies at this site that became primary, or ceased to be, since the daemon's start.");
        _meter.CreateObservableCounter(
            "skerry.divergences", Divergences, "{divergence}", "Copies at this site that were written apart from their primary, since the daemon's start.");
        _meter.CreateObservableGauge("skerry.conflicts", () => _site.Replica.Conflicts.Count, "{conflict}", "Conflicts that nobody has settled.");
        _meter.CreateObservableGauge("skerry.backend.total", () => Backends(b => b.TotalBytes), "By", "Space of a backend.");
        _meter.CreateObservableGauge("skerry.backend.free", () => Backends(b => b.FreeBytes), "By", "Space of a backend that is free for new data.");
        _meter.CreateObservableGauge("skerry.backend.allocated", () => Backends(b => b.AllocatedBytes), "By", "Space that the volumes of a backend take.");
        _meter.CreateObservableGauge("skerry.backend.dead", () => Backends(b => b.DeadBytes ?? 0), "By", "Of that, what nothing uses any more; it counts as free.");
        _meter.CreateObservableGauge(
            "skerry.backend.fullness", () => Backends(b => b.Fullness.Level), "{level}", "0 ample, 1 above 80 %, 2 above 90 %, 3 above 95 %, 4 full: writes fail.");
    }

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<int>> Operations() =>
        Count(
            "status",
            _site.Replica.List(EntityKinds.Operation).Where(o => o.Text("target_site") == _site.SelfText).Select(o => o.Text("status", "")),
            // An alert on what is not there yet needs its zero.
            "queued", "running", "failed");

    private IEnumerable<Measurement<int>> Volumes()
    {
        var state = StateView.Of(_site.Replica);
        return Count(
            "status",
            state.List(EntityKinds.Volume)
                .Where(v => (Generations.Owner(Generations.Of(state, v.Id)) ?? v.Text("site")) == _site.SelfText)
                .Select(v => v.Text("status", "")));
    }

    private IEnumerable<Measurement<int>> Replications()
    {
        var state = StateView.Of(_site.Replica);
        return Count(
            "state",
            Relation.All(state)
                .Where(r => r.BackendAt(_site.SelfText) is not null)
                .Select(r => ReplicationSummary.Of(r, Generations.Primary(state, r.VolumeId)).Status));
    }

    private IEnumerable<Measurement<double>> Lags(Func<SourceStatus, double?> read) =>
        Sources().Where(s => read(s.Source) is not null).Select(s => new Measurement<double>(read(s.Source)!.Value, Label("replication", s.Id)));

    private IEnumerable<Measurement<long>> MissedRuns() =>
        Sources().Where(s => s.Mode == ReplicationModes.Periodic).Select(s => new Measurement<long>(s.Source.MissedRuns, Label("replication", s.Id)));

    /// <summary>What is known of replications whose source is here. While nobody is primary nothing is owed.</summary>
    private IEnumerable<(string Id, string Mode, SourceStatus Source)> Sources()
    {
        var state = StateView.Of(_site.Replica);
        foreach (var stored in Relation.All(state))
        {
            var primary = Generations.Primary(state, stored.VolumeId);
            if (primary is { Current.IsDemoted: false } && stored.SourceOf(primary.Current.Site) == _site.SelfText
                && _fresh.Apply(stored, primary, _site.SelfText, _site.Now).Source is { } source && source.Generation == primary.Current.Number)
            {
                yield return (stored.Id, stored.Mode, source);
            }
        }
    }

    private IEnumerable<Measurement<long>> RoleChanges() =>
        from role in new[] { (Kind: EventKinds.Promoted, Word: "promoted"), (Kind: EventKinds.Demoted, Word: "demoted") }
        from cause in RoleCauses.All
        select new Measurement<long>(_journal.CountOf(role.Kind, cause), Label("role", role.Word), Label("cause", cause));

    private IEnumerable<Measurement<long>> Divergences() =>
    [
        new Measurement<long>(_journal.CountOf(EventKinds.Diverged), Label("kind", "copy")),
        new Measurement<long>(_journal.CountOf(EventKinds.SplitBrain), Label("kind", "split_brain")),
    ];

    private IEnumerable<Measurement<double>> RecoveryPointAges()
    {
        var state = StateView.Of(_site.Replica);
        foreach (var stored in Relation.All(state))
        {
            var primary = Generations.Primary(state, stored.VolumeId);
            if (primary is not null && stored.ReplicaOf(primary.Current.Site).Site == _site.SelfText
                && _fresh.Apply(stored, primary, _site.SelfText, _site.Now).Target?.RecoveryPoint is { } point)
            {
                yield return new Measurement<double>(Math.Max(0, (_site.Now - (point.TakenAtHere ?? point.TakenAt)).TotalSeconds), Label("replication", stored.Id));
            }
        }
    }

    private IEnumerable<Measurement<long>> Backends(Func<BackendReport, long> read) =>
        BackendReport.Of(StateView.Of(_site.Replica), _site.SelfText).Select(b => new Measurement<long>(read(b), Label("backend", b.Name)));

    private static IEnumerable<Measurement<int>> Count(string label, IEnumerable<string> words, params IEnumerable<string> always)
    {
        var counts = words.CountBy(w => w).ToDictionary();
        foreach (var word in always)
        {
            counts.TryAdd(word, 0);
        }

        return counts.Select(c => new Measurement<int>(c.Value, Label(label, c.Key)));
    }

    private static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);
}
