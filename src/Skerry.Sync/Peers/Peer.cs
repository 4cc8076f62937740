using Skerry.State.Clocks;
using Skerry.Sync.Protocol;
using Skerry.Sync.Transport;

namespace Skerry.Sync.Peers;

/// <summary>All that is known of one peer. One lock; every transition is a method here.</summary>
internal sealed class Peer(PeerTarget target, SiteLocal local)
{
    private readonly Lock _lock = new();
    private readonly WakeUp _wake = new();
    private PeerTarget _target = target;
    private LinkRunner? _live;
    private SiteId _liveDialledBy;
    private PeerHealth _health = PeerHealth.Unheard;
    private DateTimeOffset _since = local.Time.GetUtcNow();
    private DateTimeOffset? _lastHeardAt;
    private long _lastHeard;
    private string? _lastError;
    private VersionVector? _has;
    private TimeSpan? _roundTrip;
    private TimeSpan? _drift;
    private bool _gossips;
    private long _sentBefore;
    private long _receivedBefore;
    private long _bytesSentBefore;
    private long _bytesReceivedBefore;

    public PeerTarget Target
    {
        get
        {
            lock (_lock)
            {
                return _target;
            }
        }
    }

    public bool HasLive
    {
        get
        {
            lock (_lock)
            {
                return _live is not null;
            }
        }
    }

    /// <summary>Waits until the target changes or the live connection ends, at most so long.</summary>
    public Task WaitAsync(TimeSpan most, CancellationToken cancellationToken) => _wake.WaitAsync(most, cancellationToken);

    public void Retarget(PeerTarget target)
    {
        LinkRunner? unwanted = null;
        lock (_lock)
        {
            if (_target == target)
            {
                return;
            }

            _target = target;
            if (!target.MaySync)
            {
                unwanted = _live;
            }
        }

        unwanted?.Close(ByeCode.NotAllowed, target.Refusal ?? "The link was taken down.");
        _wake.Set();
    }

    /// <summary>Of two connections both ends keep the one that the site with the smaller id dialled, and of two of those the newer.</summary>
    public void Admit(LinkRunner runner, SiteId dialledBy)
    {
        LinkRunner? loser;
        lock (_lock)
        {
            if (!_target.MaySync)
            {
                runner.Close(ByeCode.NotAllowed, _target.Refusal ?? "The link was taken down.");
                return;
            }

            if (_live is not null && runner.Session.PeerLacksItsOwn && runner.Session.PeerIncarnation != _live.Session.PeerIncarnation)
            {
                // A restart of the same disk knows what the start before it wrote. The one that is here stays; if it is the one that
                // died, its silence ends the connection in a moment, and the next attempt is taken.
                runner.Close(
                    ByeCode.NotAllowed,
                    $"Another start of site {_target.Name} is connected here, and this one lacks what it wrote: two copies of one data directory. Stop one of them.");
                return;
            }

            if (_live is null || dialledBy <= _liveDialledBy)
            {
                (loser, _live, _liveDialledBy) = (_live, runner, dialledBy);
            }
            else
            {
                loser = runner;
            }

            _lastError = null;
        }

        loser?.Close(ByeCode.Duplicate, "Another connection of the same two sites stays.");
    }

    public void Heard()
    {
        lock (_lock)
        {
            _lastHeard = local.Time.GetTimestamp();
            _lastHeardAt = local.Time.GetUtcNow();
        }
    }

    /// <summary>A connection ended. True when it was the live one.</summary>
    public bool Ended(LinkRunner runner, string reason)
    {
        bool wasLive;
        lock (_lock)
        {
            Remember(runner.Session);
            var (sent, received) = runner.Session.Mutations;
            _sentBefore += sent;
            _receivedBefore += received;
            _bytesSentBefore += runner.Bytes.Sent;
            _bytesReceivedBefore += runner.Bytes.Received;
            wasLive = _live == runner;
            if (wasLive)
            {
                _live = null;
                _lastError = reason;
            }
        }

        _wake.Set();
        return wasLive;
    }

    /// <summary>An attempt failed. True when it failed in another way than the last one.</summary>
    public bool Failed(string reason)
    {
        lock (_lock)
        {
            var isNew = _lastError != reason;
            _lastError = reason;
            return isNew;
        }
    }

    public void Pulse()
    {
        lock (_lock)
        {
            _live?.Pulse();
        }
    }

    public void Close(ByeCode code, string text)
    {
        lock (_lock)
        {
            _live?.Close(code, text);
        }
    }

    public PeerReport Report()
    {
        lock (_lock)
        {
            if (_live is not null)
            {
                Remember(_live.Session);
            }

            var silence = _lastHeardAt is null ? (TimeSpan?)null : local.Time.GetElapsedTime(_lastHeard);
            var health = PeerHealthRule.Judge(_live is not null, _live?.Session.IsCatchingUp ?? true, silence, local.Options.DeadAfter);
            if (health != _health)
            {
                _health = health;
                _since = health == PeerHealth.Silent ? _lastHeardAt!.Value : local.Time.GetUtcNow();
            }

            var (sent, received) = _live?.Session.Mutations ?? (0, 0);
            var (bytesSent, bytesReceived) = _live?.Bytes ?? (0, 0);
            return new PeerReport
            {
                Site = _target.Site,
                Name = _target.Name,
                Health = health,
                Since = _since,
                LastHeardAt = _lastHeardAt,
                RoundTrip = _roundTrip,
                Drift = _drift,
                LastError = _lastError,
                Has = _has,
                Gossips = _gossips,
                MutationsSent = _sentBefore + sent,
                MutationsReceived = _receivedBefore + received,
                BytesSent = _bytesSentBefore + bytesSent,
                BytesReceived = _bytesReceivedBefore + bytesReceived,
            };
        }
    }

    private void Remember(LinkSession session)
    {
        _has = session.PeerHas ?? _has;
        _gossips = session.IsGreeted ? session.Speaks(Features.Gossip) : _gossips;
        _roundTrip = session.RoundTrip ?? _roundTrip;
        _drift = session.Drift ?? _drift;
    }
}
