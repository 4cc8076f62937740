using Skerry.Movers.Native;

namespace Skerry.Movers.Tests.Native;

public sealed class WrittenUpToTests
{
    /// <summary>
    /// A mark once said "50 ms ago" whenever nothing was queued. On a busy machine a write was on its way from the queue for longer, and
    /// a recovery point claimed a time at which that write had been acknowledged already.
    /// </summary>
    [Fact]
    public void A_time_is_never_after_the_first_write_that_was_not_sent_was_acknowledged()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var chance = new Random(seed);
            var (clock, last) = (new HandClock(), 0L);
            var acknowledged = new List<DateTimeOffset> { clock.Now };
            var written = new WrittenUpTo(clock, () => last);
            var sent = 0L;
            for (var step = 0; step < 300; step++)
            {
                clock.Now += TimeSpan.FromMilliseconds(chance.Next(40));
                switch (chance.Next(4))
                {
                    case 0:
                        acknowledged.Add(clock.Now);
                        last++;
                        break;
                    case 1:
                        written.Look();
                        break;
                    case 2:
                        sent = Math.Min(last, sent + chance.Next(3));
                        break;
                    default:
                        var until = written.Until(sent);
                        if (sent == last)
                        {
                            Assert.Equal(clock.Now, until);
                        }
                        else if (until is { } at)
                        {
                            Assert.True(at <= acknowledged[(int)sent + 1], $"seed {seed}: {at:O} for {sent}, and {sent + 1} was acknowledged at {acknowledged[(int)sent + 1]:O}");
                        }

                        break;
                }
            }
        }
    }

    private sealed class HandClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(50);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => Now.Ticks;
    }
}
