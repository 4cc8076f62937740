using System.Globalization;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Events;

/// <summary>Reads off the state which replicas are further behind than they may be, and which are so no more: pure, as <see cref="EventFacts"/>.</summary>
/// <remarks>
/// Each end judges by its own clock what it knows: the source the oldest write that the replica lacks, the target the age of what it could
/// be promoted to, since one of them may be lost. What is behind stays so until it is within half of what it may be, so that a replica
/// at the limit is not told of each second.
/// </remarks>
/// <param name="site">This site.</param>
/// <param name="state">One moment of it.</param>
/// <param name="fresh">What this site found out since it last wrote it.</param>
/// <param name="markOf">What was noted under a key.</param>
/// <param name="behindAfter">How far behind an instant replica may be, and how late a periodic run.</param>
internal sealed class LagFacts(SiteContext site, StateView state, FreshStatuses fresh, Func<string, string?> markOf, TimeSpan behindAfter)
{
    private const string AtSource = "source", AtTarget = "target", InTime = "";

    /// <summary>Null while nothing can be said, and where nothing has changed.</summary>
    public EventDraft? OfRelation(Relation stored)
    {
        if (stored.BackendAt(site.SelfText) is null || stored.Mode == ReplicationModes.OneTime
            || Generations.Primary(state, stored.VolumeId) is not { Current.IsDemoted: false } primary)
        {
            return null;
        }

        var current = primary.Current;
        var relation = fresh.Apply(stored, primary, site.SelfText, site.Now);
        var key = $"behind/{relation.Id}";
        var noted = markOf(key) ?? InTime;
        var side = relation.SourceOf(current.Site) == site.SelfText ? AtSource : AtTarget;
        if ((side == AtSource ? LagOf(relation, current.Number) : AgeAt(relation, current.Site)) is not { } lag)
        {
            return null;
        }

        var late = lag.Age - lag.Allowed;
        var isBehind = late > (noted == InTime ? behindAfter : behindAfter / 2);
        return isBehind == (noted != InTime) ? null : isBehind ? Behind(key, side, relation, lag) : CaughtUp(key, side, relation, lag);
    }

    /// <summary>What the source knows: null before the replica was first heard.</summary>
    private Lag? LagOf(Relation relation, long generation)
    {
        if (relation.Source is not { LagSeconds: { } seconds } source || source.Generation != generation)
        {
            return null;
        }

        var age = TimeSpan.FromSeconds(seconds);
        if (seconds > 0)
        {
            // Nobody measures while it is paused; what the replica lacks grows older all the same.
            age += relation.IsPaused && site.Now > source.At ? site.Now - source.At : TimeSpan.Zero;
        }

        return new Lag(age, age > TimeSpan.Zero ? Allowed(relation, site.Now - age) : TimeSpan.Zero, source.LagBytes, source.Reason);
    }

    /// <summary>What the target knows: null while it has nothing to be promoted to.</summary>
    private Lag? AgeAt(Relation relation, string primarySite) =>
        relation.ReplicaOf(primarySite).Site == site.SelfText && relation.Target is { RecoveryPoint: { } point } target
            ? new Lag(site.Now - (point.TakenAtHere ?? point.TakenAt), Allowed(relation, point.TakenAt), target.OwedBytes, target.Reason)
            : null;

    /// <summary>How old a state may be: one run is under way while the next is awaited, so until the second run that was planned after it.</summary>
    /// <param name="relation">The relation.</param>
    /// <param name="point">When the state was taken, by the clock that runs are planned by.</param>
    private static TimeSpan Allowed(Relation relation, DateTimeOffset point) =>
        ReplicationSchedule.Next(relation, point) is { } next && ReplicationSchedule.Next(relation, next) is { } second
            ? second - point
            : TimeSpan.Zero;

    private EventDraft Behind(string key, string side, Relation relation, Lag lag)
    {
        var age = Lasting(lag.Age);
        var what = side == AtSource
            ? $"the oldest write that its replica lacks is {age} old"
            : $"the newest state that its replica at site {site.SiteName} can be promoted to is {age} old";
        return Draft(key, side, EventKinds.Behind, $"Replication {relation.Id} of volume {Name(relation)} is behind: {what}{(relation.IsPaused ? "; it is paused" : "")}.", relation, lag);
    }

    private EventDraft CaughtUp(string key, string side, Relation relation, Lag lag) =>
        Draft(key, InTime, EventKinds.CaughtUp, $"Replication {relation.Id} of volume {Name(relation)} is behind no more.", relation, lag, side);

    private EventDraft Draft(string key, string mark, string kind, string message, Relation relation, Lag lag, string? side = null)
    {
        var at = site.Now;
        return new EventDraft(key, mark, new SiteEvent(kind, message)
        {
            // Told again and again over the life of a relation: the moment tells one from the next.
            Id = Ids.Derived("event", $"{site.SelfText}/{key}/{mark}/{at.UtcTicks.ToString(CultureInfo.InvariantCulture)}"),
            At = at,
            VolumeId = relation.VolumeId,
            VolumeName = VolumeName(relation),
            ReplicationId = relation.Id,
            Side = side ?? mark,
            LagSeconds = Math.Max(0, Math.Round(lag.Age.TotalSeconds, 1)),
            LagBytes = lag.Bytes,
            Reason = kind == EventKinds.Behind ? lag.Reason : null,
        });
    }

    private string? VolumeName(Relation relation) => state.Find(EntityKinds.Volume, relation.VolumeId)?.Text("name") is { Length: > 0 } name ? name : null;

    private string Name(Relation relation) => VolumeName(relation) ?? relation.VolumeId;

    private static string Lasting(TimeSpan age) => age.TotalMinutes < 2 ? $"{age.TotalSeconds:0} s" : age.TotalHours < 2 ? $"{age.TotalMinutes:0} min" : $"{age.TotalHours:0} h";

    private readonly record struct Lag(TimeSpan Age, TimeSpan Allowed, long? Bytes, string? Reason);
}
