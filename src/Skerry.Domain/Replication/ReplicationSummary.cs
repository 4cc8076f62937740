namespace Skerry.Domain.Replication;

/// <summary>The one word for a relation, of what its two sides last said and of who is primary. It never claims more than that.</summary>
internal static class ReplicationSummary
{
    public static (string Status, string? Reason, string? NextStep) Of(Relation relation, PrimaryView? primary)
    {
        if (primary is null)
        {
            return (ReplicationWords.Waiting, "The volume is still being created.", null);
        }

        var current = primary.Current;
        if (primary.IsSplitBrain)
        {
            return (
                ReplicationWords.Error,
                $"Split brain: generation {current.Number} was promoted at more than one site, and none of them takes writes.",
                "Look at both copies, then promote the one to keep.");
        }

        if (current.IsDemoted)
        {
            return (ReplicationWords.Demoted, "No copy of the volume takes writes.", "Promote the copy that is to be primary.");
        }

        if (relation.IsPaused)
        {
            return (ReplicationWords.Paused, relation.WhyPaused.Reason, relation.WhyPaused.NextStep);
        }

        // Both sides say what they see of one copy. Where they differ, the one that changed its mind last knows what the other did not;
        // but a target that nothing has reached yet knows nothing, and the source may know why.
        // That it is paused was true until somebody resumed it.
        var source = relation.Source is { } s && s.Generation >= current.Number && s.State != ReplicationWords.Paused ? s : null;
        var target = relation.Target is { } t && t.State != ReplicationWords.Paused && t.Generation >= current.Number && (source is null || (t.State != source.State && t.State != ReplicationWords.Waiting && t.Since > source.Since)) ? t : null;
        var said = target is not null ? (target.State, target.Reason, target.NextStep)
            : source is not null ? (source.State, source.Reason, source.NextStep)
            : ((string, string?, string?)?)null;
        if (said is { } words)
        {
            return Acks(relation, source, words.Item2) is { } acks ? (words.Item1, acks, words.Item3) : words;
        }

        return (
            ReplicationWords.Waiting,
            relation.Source is { State: ReplicationWords.Paused } paused && paused.Generation >= current.Number
                ? "It was resumed, and its source has not said yet how it goes on."
                : $"The source's site has not reported yet in generation {current.Number}.",
            null);
    }

    /// <summary>
    /// What acknowledgements promise, where that is less than the relation asks for; null where it is as much. That flushes wait for the
    /// replica is believed only of who says so, and not where anybody knows of a note that they do not.
    /// </summary>
    private static string? Acks(Relation relation, SourceStatus? source, string? reason)
    {
        if (relation.WaitsForReplica && relation.LocalOnly is { } note)
        {
            var since = $"Flushes are acknowledged at the primary alone since {note.Since.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z";
            return reason is null ? $"{since}: {note.Reason}" : $"{reason} {since}.";
        }

        var acks = source?.Acks is { } said && said.State != AckStates.Both ? said.Reason
            : relation.WaitsForReplica && source?.Acks is null ? "It is not known that flushes wait for the replica."
            : null;
        return acks is null ? reason : reason is null || acks.EndsWith(reason, StringComparison.Ordinal) ? acks : $"{reason} {acks}";
    }
}
