using Skerry.Domain.Replication;

namespace Skerry.Domain.Recovery;

/// <summary>
/// What is known of flushes that a lost primary acknowledged, in a sentence for whoever promotes its replica by force. It promises no more
/// than the replica's site can know when it has not heard the primary for a while.
/// </summary>
internal static class FlushPromise
{
    /// <summary>Null where flushes never waited for that copy.</summary>
    public static string? Of(Relation? relation, Generation current) =>
        relation is not { WaitsForReplica: true } ? null
        : relation.LocalOnly is { } note
            ? $"Flushes since {note.Since.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z were acknowledged at the primary alone, and are among what may be lost."
        : relation.Stops && relation.Source is { Acks.IsUnderLease: true } source && source.Generation == current.Number
            ? "No flush that was acknowledged is lost: the primary acknowledges none without this copy."
        : "As far as is known here flushes waited for this copy; a primary that is cut off goes on alone, and is heard of that only when it is back.";
}
