namespace Skerry.TestKit.Sync;

/// <summary>The clocks of one simulated site: timers and elapsed time keep step with the simulation, the wall may be off and run off.</summary>
public sealed class VirtualClock(VirtualTime time) : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How far the wall clock is ahead, beside what it drifts.</summary>
    public TimeSpan Offset { get; set; }

    /// <summary>How much the wall clock gains in each second, in seconds.</summary>
    public double Drift { get; set; }

    /// <summary>The wall clock shows whole multiples of this alone; zero for as fine as there is.</summary>
    public TimeSpan Grain { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow()
    {
        var exact = Start + time.Now + Offset + (time.Now * Drift);
        return Grain > TimeSpan.Zero ? new DateTimeOffset(exact.Ticks - (exact.Ticks % Grain.Ticks), TimeSpan.Zero) : exact;
    }

    public override long GetTimestamp() => time.Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new VirtualTimer(time, () => callback(state), dueTime, period);

    private sealed class VirtualTimer : ITimer
    {
        private readonly VirtualTime _time;
        private readonly Action _callback;
        private int _setting;

        public VirtualTimer(VirtualTime time, Action callback, TimeSpan dueTime, TimeSpan period)
        {
            (_time, _callback) = (time, callback);
            Change(dueTime, period);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Plan(++_setting, dueTime, period);
            return true;
        }

        public void Dispose() => _setting++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Plan(int setting, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                return;
            }

            _time.After(dueTime, () =>
            {
                if (setting != _setting)
                {
                    return;
                }

                _callback();
                if (period > TimeSpan.Zero)
                {
                    Plan(setting, period, period);
                }
            });
        }
    }
}
