namespace Skerry.Domain.Replication;

/// <summary>
/// How far behind the replica of a relation is that has nothing to do at present: its writer goes on, and nobody looks until somebody
/// asks. Safe for concurrent use.
/// </summary>
internal sealed class RestingLag(IDataMover mover, string volumeId, TimeProvider time)
{
    private static readonly TimeSpan AtMostEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private (long Timestamp, long Since, (long Number, long? Bytes)? Found) _last;

    /// <summary>The status with what is so now of the source; as it is when nothing can be told.</summary>
    public SourceStatus Measure(SourceStatus last)
    {
        var now = time.GetUtcNow();
        if (last.ReplicaNumber is not { } since || Look(since) is not { } found)
        {
            return last;
        }

        return last with
        {
            At = now,
            PrimaryNumber = found.Number,
            LagBytes = found.Bytes,
            LagSeconds = found.Bytes == 0 ? 0 : last.LastSyncAt is { } whole ? Math.Max(0, (now - whole).TotalSeconds) : null,
        };
    }

    private (long Number, long? Bytes)? Look(long since)
    {
        lock (_lock)
        {
            if (_last.Timestamp == 0 || _last.Since != since || time.GetElapsedTime(_last.Timestamp) >= AtMostEvery)
            {
                _last = (time.GetTimestamp(), since, mover.ChangedSince(volumeId, since));
            }

            return _last.Found;
        }
    }
}
