namespace Skerry.TestKit.Sync;

/// <summary>
/// Time of a simulation: events in order of when they are due, and of when they were planned among equals. Each is awaited to its end
/// before the next begins, so a run depends on its seed alone.
/// </summary>
public sealed class VirtualTime
{
    private readonly PriorityQueue<Func<ValueTask>, (TimeSpan Due, long Number)> _events = new();
    private long _planned;

    public TimeSpan Now { get; private set; }

    public void After(TimeSpan delay, Func<ValueTask> run) => _events.Enqueue(run, (Now + delay, _planned++));

    public void After(TimeSpan delay, Action run) => After(delay, () =>
    {
        run();
        return ValueTask.CompletedTask;
    });

    /// <summary>Runs until the condition holds (looked at after each event) or the time has come.</summary>
    /// <returns>True when the condition holds.</returns>
    public async ValueTask<bool> RunAsync(TimeSpan until, Func<bool> condition)
    {
        while (!condition())
        {
            if (!_events.TryPeek(out _, out var next) || next.Due > until)
            {
                Now = until;
                return condition();
            }

            Now = next.Due;
            await _events.Dequeue()();
        }

        return true;
    }
}

/// <summary>The clocks of one simulated site: timers keep step with the simulation, the wall may be off.</summary>
public sealed class VirtualClock(VirtualTime time) : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How far the wall clock is ahead.</summary>
    public TimeSpan Offset { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => Start + time.Now + Offset;

    public override long GetTimestamp() => time.Now.Ticks;
}
