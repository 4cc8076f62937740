using Skerry.Domain.Recovery;
using Skerry.TestKit.Seeds;

namespace Skerry.Movers.Tests.Recovery;

/// <summary>
/// The lease between a primary and its target on one true time line, from a seed: clocks whose rates differ by up to the allowed drift,
/// messages that are late, lost, doubled or out of order, either process paused for longer than a lease at any step, or restarted.
/// At no true instant may both acknowledge, and every flush that was acknowledged is in what the target promotes.
/// </summary>
public sealed class LeaseSimulationTests
{
    [Fact]
    public async Task Never_do_two_sites_acknowledge_and_no_acknowledged_flush_is_lost()
    {
        var (promoted, acknowledged) = (0, 0L);
        await Chance.ForEachSeedAsync(2000, seed =>
        {
            var world = new World(seed, LeaseRule.AllowedDrift);
            world.Run();
            promoted += world.IsPromoted ? 1 : 0;
            acknowledged += world.Acknowledged;
            return Task.CompletedTask;
        });

        // A world in which nothing happens holds every promise.
        Assert.InRange(promoted, 1000, 2000);
        Assert.InRange(acknowledged, 100_000, long.MaxValue);
    }

    [Fact]
    public async Task Clocks_that_differ_by_more_than_is_allowed_for_are_found_out()
    {
        // The same world, with four times the drift: were nothing found here, the test above would prove nothing.
        var violations = 0;
        await Chance.ForEachSeedAsync(200, seed =>
        {
            var world = new World(seed, LeaseRule.AllowedDrift * 4) { IsSevere = true };
            try
            {
                world.Run();
            }
            catch (Xunit.Sdk.XunitException)
            {
                violations++;
            }

            return Task.CompletedTask;
        });
        Assert.NotEqual(0, violations);
    }

    private sealed class World
    {
        private readonly Chance _chance;
        private readonly TimeSpan _length;
        private readonly List<(TimeSpan At, bool IsToNorth, Action Do)> _mail = [];
        private readonly SimulatedClock _northClock, _southClock;

        // What is on disk, and stays over a restart.
        private bool _northIsBound;
        private bool _southHasRecord;
        private long _southDurable;

        private HeldLease _held = null!;
        private GrantedLease _granted = null!;
        private bool _isAskedFor;
        private TimeSpan _now;
        private TimeSpan _northPausedUntil, _southPausedUntil;
        private bool _isCut, _isPromoting, _isGranting = true;
        private long _written, _flushed;
        private TimeSpan _nextAsk;

        public World(Chance chance, double drift)
        {
            _chance = chance;
            _length = TimeSpan.FromMilliseconds(500 + chance.Below(2000));

            // The two rates are apart by up to the drift, whichever is the faster.
            var faster = 1 + (chance.Source.NextDouble() * drift);
            var base_ = 0.9 + (chance.Source.NextDouble() * 0.2);
            var isNorthFaster = chance.OneIn(2);
            _northClock = new SimulatedClock(() => _now, isNorthFaster ? base_ * faster : base_, TimeSpan.FromHours(chance.Below(1000)));
            _southClock = new SimulatedClock(() => _now, isNorthFaster ? base_ : base_ * faster, TimeSpan.FromHours(chance.Below(1000)));
            RestartNorth();
            RestartSouth();
        }

        public bool IsPromoted { get; private set; }

        public long Acknowledged { get; private set; }

        /// <summary>Rates at the very edge, and a link that is quick until it is cut: what is wrong shows.</summary>
        public bool IsSevere { get; init; }

        public void Run()
        {
            for (var step = 0; step < 800; step++)
            {
                _now += TimeSpan.FromMilliseconds(IsSevere ? 2 : 1 + _chance.Below(30));
                Deliver();
                Disturb();
                if (_now >= _northPausedUntil)
                {
                    North();
                }

                if (_now >= _southPausedUntil)
                {
                    South();
                }
            }
        }

        private void Disturb()
        {
            if (_chance.OneIn(IsSevere ? 400 : 60))
            {
                _isCut = IsSevere || !_isCut;
            }

            if (IsSevere)
            {
                return;
            }

            if (_chance.OneIn(150))
            {
                _northPausedUntil = _now + (_length * (_chance.Source.NextDouble() * 3));
            }

            if (_chance.OneIn(150))
            {
                _southPausedUntil = _now + (_length * (_chance.Source.NextDouble() * 3));
            }

            if (_chance.OneIn(250))
            {
                RestartNorth();
            }

            if (_chance.OneIn(250))
            {
                RestartSouth();
            }
        }

        private void RestartNorth()
        {
            // What the gate is armed with before the volume opens: the record beside it.
            _held = new HeldLease(_northClock);
            _isAskedFor = _northIsBound;
        }

        private void RestartSouth()
        {
            _granted = new GrantedLease(_southClock, _southClock.Now);
            (_isPromoting, _isGranting) = (false, true);
        }

        private void North()
        {
            if (_now >= _nextAsk && !_isCut)
            {
                _nextAsk = _now + (_length / 3);
                _northIsBound = true;
                var (held, ask) = (_held, _held.BeginAsk());
                _isAskedFor = true;
                Send(toNorth: false, () => Grant(held, ask));
            }

            _written++;
            if (!_isCut && _chance.OneIn(3))
            {
                var number = _written;
                Send(toNorth: false, () => Apply(number));
            }

            // A write or a flush that waits: it is looked at, and acknowledged at that instant.
            if (!_isAskedFor || _held.IsValid)
            {
                Acknowledged++;
                Assert.False(IsPromoted, $"at {_now} the old primary acknowledges, and the target was promoted");
            }
        }

        private void Grant(HeldLease held, long ask)
        {
            if (!_isGranting || IsPromoted)
            {
                return;
            }

            _southHasRecord = true;
            _granted.Granting(_length);
            Send(toNorth: true, () =>
            {
                // A reply to a process that is gone falls on nobody.
                if (ReferenceEquals(held, _held))
                {
                    held.Granted(ask, _length);
                }
            });
        }

        private void Apply(long number)
        {
            if (_isPromoting || IsPromoted)
            {
                return;
            }

            _southDurable = Math.Max(_southDurable, number);
            Send(toNorth: true, () =>
            {
                if (!_isAskedFor || _held.IsValid)
                {
                    Assert.True(!IsPromoted || number <= _southDurable);
                    _flushed = Math.Max(_flushed, number);
                }
            });
        }

        private void South()
        {
            if (IsPromoted || !_southHasRecord)
            {
                return;
            }

            // The reconciler asks for it when nothing is left; the operation settles the copy, waits again, and decides.
            if (_isPromoting)
            {
                if (_granted.Left(_length) == TimeSpan.Zero)
                {
                    Assert.True(_flushed <= _southDurable, $"flush {_flushed} was acknowledged, and {_southDurable} is promoted");
                    Assert.False(_isAskedFor && _held.IsValid, $"at {_now} the target is promoted while the primary's lease is valid");
                    IsPromoted = true;
                }

                return;
            }

            if (_granted.Left(_length) == TimeSpan.Zero || _chance.OneIn(300))
            {
                // One in so many: a person's forced failover, which waits as well.
                (_isPromoting, _isGranting) = (true, false);
                if (_chance.OneIn(3))
                {
                    _southPausedUntil = _now + (_length * _chance.Source.NextDouble());
                }
            }
        }

        private void Send(bool toNorth, Action action)
        {
            if (_isCut || (!IsSevere && _chance.OneIn(10)))
            {
                return;
            }

            for (var copies = !IsSevere && _chance.OneIn(10) ? 2 : 1; copies > 0; copies--)
            {
                var late = IsSevere ? 1 : _chance.OneIn(10) ? _chance.Below((int)(_length.TotalMilliseconds * 2)) : _chance.Below(40);
                _mail.Add((_now + TimeSpan.FromMilliseconds(late), toNorth, action));
            }
        }

        private void Deliver()
        {
            // Those for a process that stands still wait until it goes on.
            for (var i = 0; i < _mail.Count; i++)
            {
                var letter = _mail[i];
                if (letter.At <= _now && _now >= (letter.IsToNorth ? _northPausedUntil : _southPausedUntil))
                {
                    _mail.RemoveAt(i--);
                    letter.Do();
                }
            }
        }
    }

    /// <summary>A boot-time clock that runs at its own rate.</summary>
    private sealed class SimulatedClock(Func<TimeSpan> trueTime, double rate, TimeSpan startedAt) : BootClock
    {
        public override TimeSpan Now => startedAt + (trueTime() * rate);
    }
}
