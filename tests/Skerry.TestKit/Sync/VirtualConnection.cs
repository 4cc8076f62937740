using Skerry.State.Storage;
using Skerry.Sync.Protocol;

namespace Skerry.TestKit.Sync;

/// <summary>How one direction of a wire carries frames at this moment.</summary>
public sealed class VirtualLane
{
    /// <summary>The longest that a frame is on its way; each takes between nothing and this.</summary>
    public TimeSpan LongestDelay { get; set; }

    /// <summary>Bytes a second; 0 for no bound.</summary>
    public double BytesPerSecond { get; set; }

    /// <summary>Nothing arrives. What is sent meanwhile is lost, so the connection never carries anything in this direction again.</summary>
    public bool IsDead { get; set; }
}

/// <summary>
/// Two sessions of the real protocol over a wire. Frames arrive whole and in order until the wire breaks; an end learns of that at
/// once or by silence, and what was under way is lost.
/// </summary>
/// <param name="time">The simulation's.</param>
/// <param name="random">Delays.</param>
/// <param name="lanes">The directions: the first is from end 0 to end 1.</param>
/// <param name="sessions">The two ends.</param>
/// <param name="observer">Sees what happens.</param>
/// <param name="silentAfter">An end that hears nothing for so long gives the connection up.</param>
public sealed class VirtualConnection(
    VirtualTime time, Random random, VirtualLane[] lanes, LinkSession[] sessions, IVirtualConnectionObserver observer, TimeSpan silentAfter)
{
    private readonly bool[] _isOpen = [true, true];
    private readonly bool[] _isReading = new bool[2];
    private readonly bool[] _isPumpPlanned = new bool[2];
    private readonly bool[] _lost = new bool[2];
    private readonly TimeSpan[] _arrivesAfter = new TimeSpan[2];
    private readonly TimeSpan[] _heardAt = [time.Now, time.Now];
    private readonly Queue<(Frame Frame, ReadOnlyMemory<byte> Bytes)>[] _arrived = [[], []];

    /// <summary>One of the ends still believes in it.</summary>
    public bool IsOpen => _isOpen[0] || _isOpen[1];

    /// <summary>Nothing of it goes on any more.</summary>
    public bool IsOver => !IsOpen && !_isReading[0] && !_isReading[1];

    /// <summary>What ended it, when that was not a cut; a protocol fault would be a bug.</summary>
    public ProtocolException? Fault { get; private set; }

    public LinkSession Session(int end) => sessions[end];

    public bool IsOpenAt(int end) => _isOpen[end];

    /// <summary>Both ends learn at once.</summary>
    public void Cut()
    {
        Cut(0);
        Cut(1);
    }

    /// <summary>This end gives it up; the other one learns of it as far as the wire carries.</summary>
    public void Cut(int end)
    {
        if (!_isOpen[end])
        {
            return;
        }

        _isOpen[end] = false;
        _arrived[end].Clear();
        sessions[end].Dispose();
        if (!lanes[end].IsDead)
        {
            time.After(lanes[end].LongestDelay, () => Cut(1 - end));
        }
    }

    public void Begin()
    {
        for (var end = 0; end < 2; end++)
        {
            Pump(end);
            WatchSilence(end);
        }
    }

    /// <summary>Something changed at this end: sends what it has to send now.</summary>
    public void Pump(int end)
    {
        while (_isOpen[end])
        {
            var step = sessions[end].Next();
            if (step.Frame is null)
            {
                PlanPump(end, step.After);
                return;
            }

            observer.Sent(this, end, step.Frame);
            Carry(end, step.Frame);
            if (step.IsLast)
            {
                return;
            }
        }
    }

    private void PlanPump(int end, TimeSpan? after)
    {
        if (_isPumpPlanned[end])
        {
            return;
        }

        // At the least a millisecond, so that time goes on; at the most a second, as the daemon's writer looks again.
        _isPumpPlanned[end] = true;
        var wanted = after ?? TimeSpan.FromSeconds(1);
        time.After(TimeSpan.FromMilliseconds(Math.Clamp(wanted.TotalMilliseconds, 1, 1000)), () =>
        {
            _isPumpPlanned[end] = false;
            Pump(end);
        });
    }

    private void WatchSilence(int end) => time.After(silentAfter / 4, () =>
    {
        if (!_isOpen[end])
        {
            return;
        }

        if (time.Now - _heardAt[end] > silentAfter && !_isReading[end])
        {
            Cut(end);
            return;
        }

        WatchSilence(end);
    });

    private void Carry(int from, Frame frame)
    {
        var to = 1 - from;
        var lane = lanes[from];

        // A stream with a hole never goes on behind it.
        _lost[from] |= lane.IsDead;
        if (_lost[from])
        {
            return;
        }

        var bytes = sessions[from].Encode(frame);
        var begins = time.Now > _arrivesAfter[to] ? time.Now : _arrivesAfter[to];
        var carried = lane.BytesPerSecond > 0 ? TimeSpan.FromSeconds(bytes.Length / lane.BytesPerSecond) : TimeSpan.Zero;
        var due = time.Now + (lane.LongestDelay * random.NextDouble());
        due = due > begins + carried ? due : begins + carried;
        _arrivesAfter[to] = due;
        time.After(due - time.Now, () =>
        {
            _lost[from] |= lane.IsDead;
            if (!_isOpen[to] || _lost[from])
            {
                return ValueTask.CompletedTask;
            }

            _heardAt[to] = time.Now;
            _arrived[to].Enqueue((frame, bytes));
            return ReadAsync(to);
        });
    }

    /// <summary>One frame after the other, as a socket's reader does.</summary>
    private async ValueTask ReadAsync(int end)
    {
        if (_isReading[end])
        {
            return;
        }

        _isReading[end] = true;
        while (_isOpen[end] && _arrived[end].TryDequeue(out var next))
        {
            try
            {
                observer.Receiving(this, end, next.Frame);
                await sessions[end].ReceiveAsync(next.Bytes, CancellationToken.None);
            }
            catch (ProtocolException fault)
            {
                Fault = fault;
                Cut(end);
            }
            catch (StateStoreException fault)
            {
                Cut(end);
                observer.StoreFailed(this, end, fault);
            }

            if (!_isOpen[end])
            {
                break;
            }

            _heardAt[end] = time.Now;
            if (sessions[end].PeerBye is not null)
            {
                Cut(end);
                break;
            }

            observer.Received(this, end, next.Frame);
            Pump(end);
        }

        _isReading[end] = false;
    }
}

/// <summary>Who owns a <see cref="VirtualConnection"/>, and watches it.</summary>
public interface IVirtualConnectionObserver
{
    void Sent(VirtualConnection connection, int end, Frame frame);

    /// <summary>Before the end takes it in.</summary>
    void Receiving(VirtualConnection connection, int end, Frame frame);

    /// <summary>After: other connections of the end may have something to send.</summary>
    void Received(VirtualConnection connection, int end, Frame frame);

    /// <summary>The end's store failed in taking something in, and the end gave the connection up.</summary>
    void StoreFailed(VirtualConnection connection, int end, StateStoreException fault);
}
