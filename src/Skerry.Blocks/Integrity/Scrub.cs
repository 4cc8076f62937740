namespace Skerry.Blocks.Integrity;

/// <summary>How a store is scrubbed.</summary>
public sealed class ScrubOptions
{
    /// <summary>From the end of one pass to the start of the next. Default 7 days; zero for no scrubbing.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The most that is read in a second, in bytes, on average. Default 8 MiB; at least 4096.</summary>
    public long BytesPerSecond { get; init; } = 8 << 20;

    /// <summary>From the opening of the store to the first pass, so that what starts has its disk for itself; the interval where that is less. Default 5 minutes.</summary>
    public TimeSpan FirstAfter { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>
/// Verifies all live blocks of a store, a little at each step, over and over. How far it has come is kept in memory alone: after a restart
/// a pass begins anew.
/// </summary>
/// <remarks>One step at a time; the report may be read by anyone.</remarks>
public sealed class Scrub(BlockStore store, ScrubOptions options, TimeProvider time) : IDisposable
{
    private VerifyRun? _run;
    private DateTimeOffset? _nextPass;
    private volatile VerifyReport? _last;

    /// <summary>The last whole pass since the store was opened; null before there was one.</summary>
    public VerifyReport? LastPass => _last;

    /// <summary>How far the pass under way has come; null between passes.</summary>
    public CheckProgress? Progress => _run?.Progress;

    /// <summary>Reads and proves up to 512 KiB.</summary>
    /// <returns>When to step again, null for never; and the report of a pass that ended with this step.</returns>
    public async ValueTask<(TimeSpan? Again, VerifyReport? Finished)> StepAsync(CancellationToken cancellationToken)
    {
        if (options.Interval <= TimeSpan.Zero)
        {
            return (null, null);
        }

        var now = time.GetUtcNow();
        _nextPass ??= now + (options.FirstAfter < options.Interval ? options.FirstAfter : options.Interval);
        if (_run is null && now < _nextPass)
        {
            return (_nextPass - now, null);
        }

        _run ??= store.NewVerification();
        if (await _run.StepAsync(cancellationToken) is { } bytes)
        {
            return (TimeSpan.FromSeconds((double)bytes / Math.Max(4096, options.BytesPerSecond)), null);
        }

        var finished = _run.Report;
        _run.Dispose();
        (_run, _last, _nextPass) = (null, finished, time.GetUtcNow() + options.Interval);
        return (options.Interval, finished);
    }

    public void Dispose() => _run?.Dispose();
}
