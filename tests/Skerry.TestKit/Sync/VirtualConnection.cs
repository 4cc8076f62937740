using Skerry.State.Storage;
using Skerry.Sync.Protocol;

namespace Skerry.TestKit.Sync;

/// <summary>
/// Two sessions of the real protocol over a wire with delay. Frames arrive whole and in order until the wire is cut; then both ends
/// are gone, and what was under way is lost.
/// </summary>
public sealed class VirtualConnection
{
    private readonly VirtualTime _time;
    private readonly Random _random;
    private readonly TimeSpan _longestDelay;
    private readonly Action<VirtualConnection, int, Frame> _sent;
    private readonly Func<int, Frame, Func<ValueTask>, ValueTask<bool>> _receive;
    private readonly Action<int> _received;
    private readonly LinkSession[] _sessions;
    private readonly TimeSpan[] _arrivesAfter = new TimeSpan[2];

    /// <param name="time">The simulation's.</param>
    /// <param name="random">Delays.</param>
    /// <param name="longestDelay">Of one frame, in one direction.</param>
    /// <param name="sessions">The two ends.</param>
    /// <param name="sent">Sees each frame, with the end that sent it.</param>
    /// <param name="receive">Runs the receipt of a frame at an end; false when the end died of it.</param>
    /// <param name="received">Something changed at an end: its other connections may have something to send.</param>
    public VirtualConnection(
        VirtualTime time,
        Random random,
        TimeSpan longestDelay,
        LinkSession[] sessions,
        Action<VirtualConnection, int, Frame> sent,
        Func<int, Frame, Func<ValueTask>, ValueTask<bool>> receive,
        Action<int> received)
    {
        _time = time;
        _random = random;
        _longestDelay = longestDelay;
        _sessions = sessions;
        _sent = sent;
        _receive = receive;
        _received = received;
    }

    public bool IsOpen { get; private set; } = true;

    /// <summary>What ended it, when that was not a cut; a protocol fault would be a bug.</summary>
    public ProtocolException? Fault { get; private set; }

    public void Cut()
    {
        IsOpen = false;
        foreach (var session in _sessions)
        {
            session.Dispose();
        }
    }

    /// <summary>Sends what the end has to send now, and comes back when it asked to.</summary>
    public void Pump(int end)
    {
        while (IsOpen)
        {
            var step = _sessions[end].Next();
            if (step.Frame is null)
            {
                // Before the peer's hello there is nothing to wait for but the hello.
                _time.After(Bounded(step.After), () => Pump(end));
                return;
            }

            _sent(this, end, step.Frame);
            Carry(end, step.Frame);
            if (step.IsLast)
            {
                return;
            }
        }
    }

    /// <summary>Sends what the end has to send now, without planning to come back.</summary>
    public void Nudge(int end)
    {
        while (IsOpen && _sessions[end].Next() is { Frame: { } frame, IsLast: false })
        {
            _sent(this, end, frame);
            Carry(end, frame);
        }
    }

    private void Carry(int from, Frame frame)
    {
        var to = 1 - from;
        var bytes = FrameCodec.Encode(frame).ToArray();
        var delay = _longestDelay * _random.NextDouble();
        var due = _time.Now + delay;
        due = due > _arrivesAfter[to] ? due : _arrivesAfter[to];
        _arrivesAfter[to] = due;
        _time.After(due - _time.Now, async () =>
        {
            if (!IsOpen)
            {
                return;
            }

            try
            {
                if (!await _receive(to, frame, () => _sessions[to].ReceiveAsync(bytes, CancellationToken.None)))
                {
                    return;
                }
            }
            catch (ProtocolException fault)
            {
                Fault = fault;
                Cut();
                return;
            }
            catch (StateStoreException)
            {
                Cut();
                return;
            }

            _received(to);
        });
    }

    private static TimeSpan Bounded(TimeSpan? after)
    {
        var least = TimeSpan.FromMilliseconds(1);
        var wanted = after ?? TimeSpan.FromSeconds(1);
        return wanted > least ? wanted : least;
    }
}
