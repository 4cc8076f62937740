using System.Globalization;
using Skerry.Domain.Groups;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Events;

/// <summary>
/// Reads off the state what happened at this site: pure, so that a crash between what happened and its note costs nothing; the same
/// state gives the same facts.
/// </summary>
/// <param name="site">This site.</param>
/// <param name="state">One moment of it.</param>
/// <param name="markOf">What was noted under a key.</param>
internal sealed class EventFacts(SiteContext site, StateView state, Func<string, string?> markOf)
{
    private readonly SiteDirectory _names = new(site, state);

    /// <summary>Which site is primary, and that two are.</summary>
    public IEnumerable<EventDraft> OfVolume(string volumeId)
    {
        var generations = Generations.Of(state, volumeId);
        if (PrimaryView.Of(generations) is not { } primary)
        {
            yield break;
        }

        var byId = generations.ToDictionary(g => g.Id, StringComparer.Ordinal);
        foreach (var generation in generations.OrderBy(g => g.Number).ThenBy(g => g.Id, StringComparer.Ordinal))
        {
            if (generation.ParentId is not { } parentId || !byId.TryGetValue(parentId, out var parent))
            {
                continue;
            }

            // Of two that were promoted apart each was primary for itself, whichever of them the next one names.
            var apart = generations.Where(g => g.Number == parent.Number && !g.IsDemoted).Select(g => g.Site).Append(parent.Site).Distinct().ToList();
            if (RoleChange(generation, parent, Before(parent, byId), apart, primary) is { } change)
            {
                yield return change;
            }
        }

        if (primary.IsSplitBrain && primary.Rivals.Prepend(primary.Current).Any(g => g.Site == site.SelfText)
            && New($"split/{volumeId}/{primary.Current.Number}") is { } split)
        {
            var others = primary.Rivals.Prepend(primary.Current).Select(g => g.Site).Where(s => s != site.SelfText).Distinct().Select(_names.NameOf);
            yield return Draft(split, new SiteEvent(
                EventKinds.SplitBrain,
                $"Volume {Name(volumeId)} was promoted apart at site {site.SiteName} and at {string.Join(", ", others)}, in generation {Text(primary.Current.Number)}. All copies stop until a person promotes one.")
            {
                VolumeId = volumeId,
                VolumeName = VolumeName(volumeId),
                Generation = primary.Current.Number,
            });
        }
    }

    /// <summary>Runs that were missed while this site was the source, and a copy here that waits for a person.</summary>
    public IEnumerable<EventDraft> OfRelation(Entity entity)
    {
        if (Relation.Read(entity) is not { } relation)
        {
            yield break;
        }

        if (relation.Source is { MissedRuns: > 0 } source && IsMine(entity, Relation.SourceStatusField))
        {
            var key = $"missed/{relation.Id}";
            var counted = long.TryParse(markOf(key), NumberStyles.None, CultureInfo.InvariantCulture, out var noted) ? noted : 0;
            var missed = source.MissedRuns - Math.Max(counted, source.MissedBefore);
            if (missed > 0)
            {
                yield return Draft(key, Text(source.MissedRuns), new SiteEvent(
                    EventKinds.RunsMissed,
                    $"{(missed == 1 ? "A planned run" : $"{Text(missed)} planned runs")} of replication {relation.Id} of volume {Name(relation.VolumeId)} will never be run: the next was due before.")
                {
                    VolumeId = relation.VolumeId,
                    VolumeName = VolumeName(relation.VolumeId),
                    ReplicationId = relation.Id,
                    MissedRuns = missed,
                    MissedRunsTotal = source.MissedRuns,
                    MissedUpTo = source.MissedUpTo,
                });
            }
        }

        if (relation.Target is { State: ReplicationWords.Diverged } target && IsMine(entity, Relation.TargetStatusField)
            && target.CopyGeneration is { } apart && New(DivergenceKey(relation.VolumeId, apart)) is { } diverged)
        {
            yield return Draft(diverged, new SiteEvent(
                EventKinds.Diverged,
                $"The copy of volume {Name(relation.VolumeId)} at site {site.SiteName} was written in generation {Text(apart)}, apart from the present primary. It waits for a resync that a person asks for.")
            {
                VolumeId = relation.VolumeId,
                VolumeName = VolumeName(relation.VolumeId),
                ReplicationId = relation.Id,
                Generation = apart,
            });
        }
    }

    /// <summary>What a resync set aside here.</summary>
    public EventDraft? OfSnapshot(Entity entity)
    {
        if (entity.Integer(ReplicaAdmission.DivergedGenerationField) is not { } apart || entity.Text("volume_id") is not { } volumeId
            || entity.Standing(ReplicaAdmission.DivergedGenerationField)[0].Site != site.Self
            || New(DivergenceKey(volumeId, apart)) is not { } diverged)
        {
            return null;
        }

        return Draft(diverged, new SiteEvent(
            EventKinds.Diverged,
            $"The copy of volume {Name(volumeId)} at site {site.SiteName} was written in generation {Text(apart)}, apart from the present primary. Snapshot {entity.Text("name", entity.Id)} keeps what it wrote.")
        {
            VolumeId = volumeId,
            VolumeName = VolumeName(volumeId),
            Generation = apart,
            SnapshotId = entity.Id,
        });
    }

    /// <summary>A move of a group or a site that this site drove.</summary>
    public EventDraft? OfOperation(Entity entity)
    {
        if (entity.Text("kind") is not (GroupOperations.HandOver or GroupOperations.Promote or SiteOperations.Move)
            || entity.Text("target_site") != site.SelfText || OperationEntity.IsUnfinished(entity)
            || New($"operation/{entity.Id}") is not { } moved)
        {
            return null;
        }

        var operation = OperationEntity.Read(entity);
        var report = operation.Result?.Deserialize(GroupJson.Default.MoveReport);
        var isSite = operation.Kind == SiteOperations.Move;
        var group = isSite ? null : Group.Find(state, operation.Entity.Id);
        var status = OperationEntity.Word(operation.Status);
        var what = isSite ? $"site {_names.NameOf(operation.Entity.Id)}" : $"group {group?.Name ?? operation.Entity.Id}";
        return Draft(moved, new SiteEvent(
            isSite ? EventKinds.SiteFailover : EventKinds.GroupFailover,
            $"The move of {what} is over: {status}{(report is null ? "" : $", {Text(report.Count(MoveLine.Done))} of {Text(report.Volumes.Count)} volumes were moved")}.")
        {
            GroupId = isSite ? null : operation.Entity.Id,
            GroupName = group?.Name,
            OperationId = operation.Id,
            FromSite = SiteName(report?.FromSite) ?? (isSite ? _names.NameOf(operation.Entity.Id) : null),
            ToSite = SiteName(report?.ToSite),
            Status = status,
            Reason = operation.Reason,
            IsForced = report?.IsForced,
            VolumesMoved = report?.Count(MoveLine.Done),
            VolumesFailed = report?.Count(MoveLine.Failed),
            VolumesSkipped = report?.Count(MoveLine.Skipped),
        });
    }

    /// <summary>True when the state holds nothing any more that the mark could keep from being told twice.</summary>
    public bool IsGone(string key)
    {
        var about = key.Split('/');
        return about[0] switch
        {
            "missed" or "behind" => site.Replica.Find(Relation.Key(about[1])) is null,
            "alert" or "conflict" => markOf(key) is "",
            "operation" => site.Replica.Find(OperationEntity.Key(about[1])) is null,
            _ => Generations.Of(state, about[1]).Count == 0 && site.Replica.Find(VolumeEntity.Key(about[1])) is null,
        };
    }

    private EventDraft? RoleChange(
        Generation generation, Generation parent, Generation? before, List<string> parentSites, PrimaryView primary)
    {
        var isMine = generation.Site == site.SelfText;
        if (isMine ? before?.Site == site.SelfText && !parent.IsDemoted && parentSites.Count == 1 : !parentSites.Contains(site.SelfText))
        {
            return null;
        }

        // Named by another site, and passed over since: this copy never became primary by it.
        if (isMine && generation.Number < primary.Current.Number && !IsWrittenHere(generation))
        {
            return null;
        }

        var key = isMine
            ? $"role/{generation.VolumeId}/{Text(generation.Number)}/promoted"
            : $"role/{generation.VolumeId}/{Text(parent.Number)}/demoted";
        if (New(key) is null)
        {
            return null;
        }

        var from = SiteName(before?.Site);
        var to = SiteName(generation.Site);
        var cause = Cause(generation, before);
        var name = Name(generation.VolumeId);
        var how = cause switch
        {
            RoleCauses.Automatic => "automatically, as the primary was not heard and its lease had run out",
            RoleCauses.Forced => "by force",
            RoleCauses.Restored => "out of the trash",
            RoleCauses.Failback => "as planned, back at its home",
            _ => "as planned",
        };
        return Draft(key, new SiteEvent(
            isMine ? EventKinds.Promoted : EventKinds.Demoted,
            isMine
                ? $"Volume {name} became primary at site {site.SiteName} in generation {Text(generation.Number)}, {how}{(from is null || from == site.SiteName ? "" : $"; before that site {from} was")}."
                : $"Volume {name} is primary at site {site.SiteName} no more: since generation {Text(generation.Number)} {(to is null ? "nobody is" : $"site {to} is")}, {how}.")
        {
            VolumeId = generation.VolumeId,
            VolumeName = VolumeName(generation.VolumeId),
            Generation = generation.Number,
            Cause = cause,
            FromSite = from,
            ToSite = to,
            ForkNumber = generation.ForkNumber,
        });
    }

    private string Cause(Generation generation, Generation? before) =>
        generation.Cause ?? (!generation.Planned ? RoleCauses.Forced
            : before?.Site != generation.Site && Relation.OfVolume(state, generation.VolumeId).Any(r => !r.IsPassedOn && r.HomeSite == generation.Site)
                ? RoleCauses.Failback
                : RoleCauses.Planned);

    /// <summary>The last that was primary, up to this generation; null when that is not known any more.</summary>
    private static Generation? Before(Generation generation, Dictionary<string, Generation> byId)
    {
        Generation? at = generation;
        while (at is { IsDemoted: true })
        {
            at = at.ParentId is { } parent ? byId.GetValueOrDefault(parent) : null;
        }

        return at;
    }

    private bool IsWrittenHere(Generation generation) =>
        state.Find(EntityKinds.Generation, $"{generation.VolumeId}/{generation.Id}") is { } entity
        && entity.Fields.Any(f => entity.Standing(f)[0].Site == site.Self);

    private bool IsMine(Entity entity, string field) => entity.Standing(field) is [var winner, ..] && winner.Site == site.Self;

    /// <summary>The key, unless it was noted.</summary>
    private string? New(string key) => markOf(key) is null ? key : null;

    private static string DivergenceKey(string volumeId, long generation) => $"diverged/{volumeId}/{Text(generation)}";

    private EventDraft Draft(string key, SiteEvent told) => Draft(key, "", told);

    private EventDraft Draft(string key, string mark, SiteEvent told) =>
        new(key, mark, told with { Id = Ids.Derived("event", $"{site.SelfText}/{key}/{mark}"), At = site.Now });

    private string? SiteName(string? siteId) => string.IsNullOrEmpty(siteId) ? null : _names.NameOf(siteId);

    private string? VolumeName(string volumeId) => state.Find(EntityKinds.Volume, volumeId)?.Text("name") is { Length: > 0 } name ? name : null;

    private string Name(string volumeId) => VolumeName(volumeId) ?? volumeId;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
