using Skerry.Domain.Volumes;

namespace Skerry.Domain.Replication;

/// <summary>Shows relations as this site knows them now: what each side last said, who is primary, and what that sums up to.</summary>
internal sealed class ReplicationViews(SiteContext site, FreshStatuses fresh)
{
    public ReplicationView Of(StateView now, Relation relation)
    {
        // Who is primary and whether it is being handed over are two entities, and what is said of both is of one moment.
        var state = now.AtOneMoment();
        var primary = Generations.Primary(state, relation.VolumeId);
        relation = fresh.Apply(relation, primary, site.SelfText, site.Now);
        var primarySite = primary?.Current.Site ?? relation.HomeSite;
        var source = primary?.Current.IsDemoted == true ? primarySite : relation.SourceOf(primarySite);
        var (replicaSite, replicaBackend) = relation.ReplicaOf(primarySite);
        var (status, reason, nextStep) = ReplicationSummary.Of(relation, primary);
        return new ReplicationView(
            relation.Id, relation.VolumeId, state.Find(EntityKinds.Volume, relation.VolumeId)?.Text("name"), relation.HomeSite, source,
            replicaSite, replicaBackend, relation.Mode, relation.IntervalSeconds, relation.StartAt,
            ReplicationSchedule.Next(relation, site.Now), relation.IsPaused, relation.OnReturn, status, reason, nextStep,
            relation.Source, relation.Target, relation.CreatedAt)
        {
            At = relation.Times,
            Days = relation.Days,
            TimeZone = relation.TimeZone,
            KeepSource = relation.KeepSource?.ToString(),
            KeepTarget = relation.KeepTarget?.ToString(),
            IsPassedOn = source.Length > 0 && source != primarySite,
            IsCiphertextOnly = relation.IsCiphertextOnly,
            Ack = relation.Ack,
            OnIsolation = relation.OnIsolation,
            Failover = relation.Failover,
            LocalOnlySince = relation.WaitsForReplica ? relation.LocalOnly?.Since : null,
            LocalStatus = LocalStatus(state, relation, source, replicaSite),
            Generation = primary?.Current.Number,
            AdoptFrom = relation.AdoptFrom,
            RecoveryPointAgeSeconds = relation.Target?.RecoveryPoint is { } point
                ? Math.Max(0, (site.Now - (replicaSite == site.SelfText ? point.TakenAtHere ?? point.TakenAt : point.TakenAt)).TotalSeconds)
                : null,
        };
    }

    private string? LocalStatus(StateView state, Relation relation, string source, string replicaSite) =>
        WritePermission.Of(state, site.SelfText, relation.VolumeId).IsAllowed ? ReplicationWords.Primary
        : replicaSite == site.SelfText && source != site.SelfText ? relation.Target?.State ?? ReplicationWords.Waiting
        : source == site.SelfText && !relation.IsPassedOn ? ReplicationWords.Waiting
        : null;
}
