using System.Collections.Concurrent;

namespace Skerry.Domain.Replication;

/// <summary>
/// What this site last found out of its own side of each replication. Writing every reading down would grow the log by one entry a
/// second for each relation at rest; so what is written lags, and who asks the site itself is told from here.
/// </summary>
public sealed class FreshStatuses
{
    /// <summary>A reading that is older was made by a reconciler that no longer looks after the relation.</summary>
    private static readonly TimeSpan UsefulFor = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, SourceStatus> _sources = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TargetStatus> _targets = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RestingLag> _resting = new(StringComparer.Ordinal);

    /// <summary>A site is at one side of a relation at a time; what it said at the other side is no longer so.</summary>
    internal void Note(string replicationId, SourceStatus status)
    {
        _sources[replicationId] = status;
        _targets.TryRemove(replicationId, out _);
        _resting.TryRemove(replicationId, out _);
    }

    /// <summary>Nobody looks at the relation's source until it has something to do: who asks meanwhile has it looked at.</summary>
    internal void Rest(string replicationId, RestingLag lag) => _resting[replicationId] = lag;

    internal void Note(string replicationId, TargetStatus status)
    {
        _targets[replicationId] = status;
        _sources.TryRemove(replicationId, out _);
        _resting.TryRemove(replicationId, out _);
    }

    /// <summary>Forgets relations that are gone.</summary>
    internal void KeepOnly(IReadOnlySet<string> replicationIds)
    {
        foreach (var id in _sources.Keys.Concat(_targets.Keys).Concat(_resting.Keys).Where(id => !replicationIds.Contains(id)))
        {
            _sources.TryRemove(id, out _);
            _targets.TryRemove(id, out _);
            _resting.TryRemove(id, out _);
        }
    }

    /// <summary>The relation with this site's own side as it was found last, where that is newer than what was written.</summary>
    internal Relation Apply(Relation relation, PrimaryView? primary, string self, DateTimeOffset now)
    {
        if (primary is null)
        {
            return relation;
        }

        var current = primary.Current;
        if (relation.SourceOf(current.Site) == self)
        {
            if (_resting.TryGetValue(relation.Id, out var lag) && relation.Source is { } written && written.Generation == current.Number
                && written.Peer == relation.ReplicaOf(current.Site).Site)
            {
                return relation with { Source = lag.Measure(written) };
            }

            return _sources.TryGetValue(relation.Id, out var source) && source.Generation == current.Number
                && source.Peer == relation.ReplicaOf(current.Site).Site
                && now - source.At < UsefulFor && !(relation.Source?.At > source.At)
                ? relation with { Source = source }
                : relation;
        }

        return _targets.TryGetValue(relation.Id, out var target) && target.Generation == current.Number
            && now - target.At < UsefulFor && !(relation.Target?.At > target.At)
            ? relation with { Target = target }
            : relation;
    }
}
