namespace Skerry.Sync.Protocol;

/// <summary>
/// Round trip and drift off heartbeats. Each end stamps with its own clocks alone; the echo of the other's stamp, and how long it
/// was held, make a round trip without any agreement on time.
/// </summary>
internal sealed class LinkMeasures(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private long _peerSent;
    private long _peerSentHeardAt;

    /// <summary>The shortest round trip of late, which is the one that queues disturbed least; null before the first echo.</summary>
    public TimeSpan? RoundTrip { get; private set; }

    /// <summary>How far the peer's clock is ahead; its error is at most half the round trip. Null before the first echo.</summary>
    public TimeSpan? Drift { get; private set; }

    public Heartbeat Next()
    {
        var now = Microseconds();
        return new Heartbeat(
            Wall(), now, _peerSent, _peerSent == 0 ? 0 : now - _peerSentHeardAt);
    }

    /// <summary>The peer's last stamp and how long it is held, for a frame that is sent now; null before there is one.</summary>
    public (long EchoMicroseconds, long HeldMicroseconds)? Echo() => _peerSent == 0 ? null : (_peerSent, Microseconds() - _peerSentHeardAt);

    /// <summary>How long a frame with this echo can have been under way, at most; null when the echo is none of this end's.</summary>
    public TimeSpan? Delay(long echoMicroseconds, long heldMicroseconds)
    {
        var now = Microseconds();
        return echoMicroseconds <= 0 || echoMicroseconds > now || heldMicroseconds < 0 || heldMicroseconds > now - echoMicroseconds
            ? null
            : TimeSpan.FromMicroseconds(now - echoMicroseconds - heldMicroseconds);
    }

    public void Heard(Heartbeat beat)
    {
        var now = Microseconds();
        _peerSent = beat.SentMicroseconds;
        _peerSentHeardAt = now;
        var roundTrip = now - beat.EchoMicroseconds - beat.HeldMicroseconds;
        if (beat.EchoMicroseconds <= 0 || beat.EchoMicroseconds > now || beat.HeldMicroseconds < 0 || roundTrip < 0)
        {
            return;
        }

        var measured = TimeSpan.FromMicroseconds(roundTrip);

        // A shorter one is believed at once, a longer one slowly: the link may have changed for the worse.
        RoundTrip = RoundTrip is { } known && measured > known ? known + ((measured - known) / 8) : measured;
        Drift = TimeSpan.FromMicroseconds(beat.WallMicroseconds + (roundTrip / 2) - Wall());
    }

    // Never 0, which stands for "no echo".
    private long Microseconds() => 1 + (long)time.GetElapsedTime(_start).TotalMicroseconds;

    private long Wall() => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
