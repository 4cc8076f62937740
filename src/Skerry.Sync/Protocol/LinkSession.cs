using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Storage;
using Skerry.State.Trust;
using Skerry.Sync.Peers;

namespace Skerry.Sync.Protocol;

/// <summary>What a session does next.</summary>
/// <param name="Frame">To be sent now; null when there is none.</param>
/// <param name="After">Without a frame: when to ask again, if nothing is received or appended before.</param>
/// <param name="IsLast">The connection is closed after the frame.</param>
public readonly record struct SendStep(Frame? Frame, TimeSpan? After, bool IsLast);

/// <summary>
/// One end of one connection: decides what to send, and takes in what comes. It owns no socket and no loop, so that the daemon and
/// the simulator drive the same code.
/// </summary>
/// <remarks>
/// <see cref="Next"/> is called by one writer, <see cref="ReceiveAsync"/> by one reader; they may overlap. A frame that
/// <see cref="Next"/> returned counts as sent: if it is lost, so is the connection, and the next session begins from what the
/// peer then says it has.
/// </remarks>
public sealed class LinkSession : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SiteLocal _local;
    private readonly SiteId _peerId;
    private readonly LinkMeasures _measures;
    private readonly SyncOptions _options;
    private readonly LinkBudget _budget;
    private readonly DigestTalk _digests;
    private Hello? _peer;
    private OutboundLog? _log;
    private OutboundSnapshot? _snapshot;
    private Bye? _bye;
    private SnapshotAck? _snapshotAckOwed;
    private long _lastApplied;
    private long _ackOwed;
    private long _received;
    private long _heartbeatAt;
    private bool _saidHello;
    private bool _isGossipDue;
    private GossipTurn _gossipTurn;
    private bool _hasBacklogOfPeer = true;
    private InboundSnapshot? _inbound;
    private InboundSnapshot? _staged;

    /// <param name="local">This site.</param>
    /// <param name="peer">Who the other end has proved to be.</param>
    /// <param name="options">As they hold for this link; null for the site's.</param>
    public LinkSession(SiteLocal local, SiteId peer, SyncOptions? options = null)
    {
        _local = local;
        _options = options ?? local.Options;
        _budget = new LinkBudget(_options.BandwidthBytesPerSecond, local.Time);
        _peerId = peer;
        _measures = new LinkMeasures(local.Time);
        _digests = new DigestTalk(local, peer);
        _heartbeatAt = local.Time.GetTimestamp();
    }

    /// <summary>The peer said who it is and what it has.</summary>
    public bool IsGreeted
    {
        get
        {
            lock (_lock)
            {
                return _peer is not null;
            }
        }
    }

    /// <summary>Either end still lacks what the other had when they met, or leaves it unacknowledged for too long.</summary>
    public bool IsCatchingUp
    {
        get
        {
            lock (_lock)
            {
                if (_peer is null || _log is null)
                {
                    return true;
                }

                _hasBacklogOfPeer = _hasBacklogOfPeer && !_local.Replica.Vector.CoversAll(_peer.Vector);
                return _hasBacklogOfPeer || _inbound is not null || _log.IsCatchingUp;
            }
        }
    }

    /// <summary>Which start of the peer speaks; 0 before it said so.</summary>
    public ulong PeerIncarnation
    {
        get
        {
            lock (_lock)
            {
                return _peer?.Incarnation ?? 0;
            }
        }
    }

    /// <summary>
    /// The peer lacks writes of its own site that are here: it runs on an older copy of its disk, or beside another copy.
    /// </summary>
    public bool PeerLacksItsOwn { get; private set; }

    /// <summary>What the peer is known to have on stable storage; null before it said so.</summary>
    public VersionVector? PeerHas
    {
        get
        {
            lock (_lock)
            {
                return _log?.PeerHas;
            }
        }
    }

    public TimeSpan? RoundTrip
    {
        get
        {
            lock (_lock)
            {
                return _measures.RoundTrip;
            }
        }
    }

    public TimeSpan? Drift
    {
        get
        {
            lock (_lock)
            {
                return _measures.Drift;
            }
        }
    }

    /// <summary>Mutations sent and received over this connection.</summary>
    public (long Sent, long Received) Mutations
    {
        get
        {
            lock (_lock)
            {
                return (_log?.MutationsSent ?? 0, _received);
            }
        }
    }

    /// <summary>The peer's last word, once it said it.</summary>
    public Bye? PeerBye { get; private set; }

    /// <summary>The size of the snapshot that was taken in over this connection; 0 when none was.</summary>
    public long SnapshotBytesJoined { get; private set; }

    /// <summary>This end said goodbye, or is about to.</summary>
    public bool IsClosing
    {
        get
        {
            lock (_lock)
            {
                return _bye is not null;
            }
        }
    }

    /// <summary>Says goodbye with the next frame. The first reason stands.</summary>
    public void Close(ByeCode code, string text)
    {
        lock (_lock)
        {
            _bye ??= new Bye(code, text);
        }
    }

    /// <summary>Decides what is sent next. Quick; reads the log from memory.</summary>
    public SendStep Next()
    {
        lock (_lock)
        {
            if (_bye is not null)
            {
                return new SendStep(_bye, null, true);
            }

            if (!_saidHello)
            {
                _saidHello = true;
                return Send(Greeting());
            }

            if (_log is null)
            {
                return new SendStep(null, null, false);
            }

            return Replies() ?? Heartbeat() ?? Whisper() ?? OverBudget() ?? Bulk() ?? FromLog(_log);
        }
    }

    /// <summary>The bytes of a frame that <see cref="Next"/> gave, as they go on the wire; they count against the link's bandwidth.</summary>
    public ReadOnlyMemory<byte> Encode(Frame frame)
    {
        var bytes = FrameCodec.Encode(frame);
        if (frame is Batch or SnapshotPiece && _options.Compress && Speaks(Features.Packed))
        {
            bytes = PackedFrame.TryPack(bytes) ?? bytes;
        }

        lock (_lock)
        {
            _budget.Spend(bytes.Length);
        }

        return bytes;
    }

    /// <summary>Takes in a frame; what it carries is on stable storage when this returns.</summary>
    /// <exception cref="ProtocolException">The peer is at fault, or cannot be spoken with; the session is over.</exception>
    /// <exception cref="StateStoreException">This site's store failed; the session is over.</exception>
    public async ValueTask ReceiveAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var frame = FrameCodec.Decode(bytes);
        if (frame is Bye bye)
        {
            PeerBye = bye;
            return;
        }

        if (IsClosing)
        {
            // Who is told that it may not speak is not listened to while the word is on its way.
            return;
        }

        if (IsGreeted == frame is Hello)
        {
            throw new ProtocolException(
                ByeCode.Malformed, frame is Hello ? "A second hello came." : "The first frame is not a hello.");
        }

        switch (frame)
        {
            case Hello hello:
                Greet(hello);
                break;
            case Batch batch:
                await ApplyAsync(batch, cancellationToken);
                break;
            case BatchAck ack:
                lock (_lock)
                {
                    _log!.Acknowledged(ack.Number);
                }

                break;
            case SnapshotOffer offer:
                Begin(offer);

                break;
            case SnapshotPiece piece:
                await TakeAsync(piece, cancellationToken);
                break;
            case SnapshotAck ack:
                Acknowledged(ack);
                break;
            case Protocol.Heartbeat beat:
                lock (_lock)
                {
                    _measures.Heard(beat);
                    if (_measures.Delay(beat.EchoMicroseconds, beat.HeldMicroseconds) is { } age)
                    {
                        _local.Gossip.Heard(_peerId, age, IsCatchingUp);
                    }
                }

                break;
            case DigestAsk ask:
                lock (_lock)
                {
                    _digests.Heard(ask);
                }

                break;
            case DigestAnswer answer:
                lock (_lock)
                {
                    _digests.Heard(answer);
                }

                break;
            case DigestRanges ranges:
                lock (_lock)
                {
                    _digests.Heard(ranges);
                }

                break;
            case GossipFrame gossip:
                lock (_lock)
                {
                    if (_measures.Delay(gossip.EchoMicroseconds, gossip.HeldMicroseconds) is { } delay)
                    {
                        _local.Gossip.Told(_peerId, gossip.Rumours, delay);
                    }
                }

                break;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _snapshot?.Dispose();
            _snapshot = null;
            if ((_inbound ?? _staged) is { } unfinished)
            {
                _local.Inbox.Keep(_peerId, unfinished);
            }

            (_inbound, _staged) = (null, null);
        }
    }

    /// <summary>Both ends named the feature. False before the peer's hello.</summary>
    public bool Speaks(string feature)
    {
        lock (_lock)
        {
            return _peer is not null && _peer.Features.Contains(feature) && _local.Features.Contains(feature);
        }
    }

    private static SendStep Send(Frame frame) => new(frame, null, false);

    private Hello Greeting()
    {
        _staged = _local.Inbox.Take(_peerId);
        return new Hello
        {
            LeastVersion = FrameCodec.LeastVersion,
            MostVersion = FrameCodec.MostVersion,
            CloudId = _local.CloudId() ?? "",
            Site = _local.Replica.Site,
            Incarnation = _local.Replica.Incarnation,
            Vector = _local.Replica.AnnouncedVector,
            WindowBytes = _options.WindowBytes,
            Staged = _staged is null ? null : new SnapshotPosition(_staged.Id, _staged.Chunks),
            Features = _local.Features,
        };
    }

    private void Greet(Hello hello)
    {
        if (hello.Site != _peerId)
        {
            throw new ProtocolException(
                ByeCode.WrongSite, $"The other end proved to be site {_peerId}, but says that it is site {hello.Site}.");
        }

        var cloud = _local.CloudId();
        if (cloud is null || hello.CloudId != cloud)
        {
            throw new ProtocolException(
                ByeCode.ForeignCloud,
                $"The other end is a member of cloud {hello.CloudId}, this site of cloud {cloud ?? "(none yet)"}; a site joins with an invitation.");
        }

        var has = _local.Replica.Complete(hello.Vector);
        lock (_lock)
        {
            _peer = hello;
            PeerLacksItsOwn = _local.Replica.Vector.Any(dot => dot.Site == _peerId && !has.Covers(dot));
            _log = new OutboundLog(_local.Replica, _options, _local.Time, has, Math.Min(hello.WindowBytes, _options.WindowBytes));
        }
    }

    private async ValueTask ApplyAsync(Batch batch, CancellationToken cancellationToken)
    {
        if (batch.Number != _lastApplied + 1)
        {
            throw new ProtocolException(ByeCode.Malformed, $"Batch {batch.Number} came where batch {_lastApplied + 1} was due.");
        }

        lock (_lock)
        {
            // Before they are applied: the writer reads the log as soon as they are in it, and would send them back.
            _log!.Heard(Dots.Of(batch.Mutations));
        }

        try
        {
            await _local.Replica.ApplyAsync(batch.Mutations, cancellationToken);
        }
        catch (CausalityException gap)
        {
            throw new ProtocolException(ByeCode.Malformed, gap.Message, gap);
        }
        catch (ForgedRunException forged)
        {
            _local.Forgeries.Add(new Forgery(forged.Maker, _peerId, forged.Message, _local.Time.GetUtcNow()));
            throw new ProtocolException(ByeCode.Forged, forged.Message, forged);
        }

        lock (_lock)
        {
            _lastApplied = batch.Number;
            _ackOwed = batch.Number;
            _received += batch.Mutations.Count;
        }
    }

    private void Begin(SnapshotOffer offer)
    {
        lock (_lock)
        {
            var goesOn = _staged is not null && _staged.Id == offer.Snapshot && _staged.Chunks == offer.From;
            if (!goesOn && offer.From != 0)
            {
                throw new ProtocolException(
                    ByeCode.Malformed, $"A snapshot was offered from chunk {offer.From} on, of which the beginning is not here.");
            }

            _inbound = goesOn ? _staged : new InboundSnapshot(offer.Snapshot, _options.SnapshotLimitBytes);
            _staged = null;
        }
    }

    private async ValueTask TakeAsync(SnapshotPiece piece, CancellationToken cancellationToken)
    {
        InboundSnapshot inbound;
        lock (_lock)
        {
            inbound = _inbound ?? throw new ProtocolException(ByeCode.Malformed, "A piece of a snapshot came that was not offered.");
            inbound.Add(piece);
        }

        if (!piece.EndsChunk)
        {
            return;
        }

        if (piece.EndsSnapshot)
        {
            await _local.Replica.JoinAsync(inbound.ToSnapshot(), cancellationToken);
            SnapshotBytesJoined = inbound.Bytes;
        }

        lock (_lock)
        {
            _inbound = piece.EndsSnapshot ? null : inbound;
            _snapshotAckOwed = new SnapshotAck(piece.Snapshot, inbound.Chunks, piece.EndsSnapshot);
        }
    }

    private void Acknowledged(SnapshotAck ack)
    {
        lock (_lock)
        {
            if (_snapshot is null || _snapshot.Outgoing.Id != ack.Snapshot)
            {
                throw new ProtocolException(ByeCode.Malformed, "A snapshot was acknowledged that was not offered.");
            }

            _snapshot.Acknowledged(ack.Chunks);
            if (!ack.IsJoined)
            {
                return;
            }

            if (!_snapshot.IsSent)
            {
                throw new ProtocolException(ByeCode.Malformed, "A snapshot was joined before all of it was sent.");
            }

            _log!.Joined(_snapshot.Outgoing.Snapshot.Vector);
            _local.Outbox.Finished(_peerId);
            _snapshot.Dispose();
            _snapshot = null;
        }
    }

    private SendStep? Replies()
    {
        if (_ackOwed > 0)
        {
            var ack = new BatchAck(_ackOwed);
            _ackOwed = 0;
            return Send(ack);
        }

        if (_snapshotAckOwed is { } owed)
        {
            _snapshotAckOwed = null;
            return Send(owed);
        }

        return null;
    }

    private SendStep? Heartbeat()
    {
        if (_local.Time.GetTimestamp() < _heartbeatAt)
        {
            return null;
        }

        _heartbeatAt = _local.Time.GetTimestamp() + Ticks(_options.HeartbeatInterval);
        _isGossipDue = _peer!.Features.Contains(Features.Gossip) && _local.Features.Contains(Features.Gossip);
        return Send(_measures.Next());
    }

    /// <summary>After each heartbeat.</summary>
    private SendStep? Whisper()
    {
        if (!_isGossipDue)
        {
            return null;
        }

        _isGossipDue = false;
        return _measures.Echo() is { } echo && _local.Gossip.Tell(_peerId, ref _gossipTurn) is { Count: > 0 } rumours
            ? Send(new GossipFrame(echo.EchoMicroseconds, echo.HeldMicroseconds, rumours))
            : null;
    }

    private SendStep? OverBudget() =>
        _budget.Wait is var wait && wait > TimeSpan.Zero ? new SendStep(null, Sooner(wait), false) : null;

    private SendStep? Bulk()
    {
        if (_snapshot is null && _log is { NeedsSnapshot: true, IsDrained: true })
        {
            var outgoing = _local.Outbox.For(_peerId, _peer!.Staged);
            _snapshot = new OutboundSnapshot(outgoing, _peer.Staged?.Snapshot == outgoing.Id ? _peer.Staged.Chunks : 0, _options);
        }

        return _snapshot?.Next() is { } frame ? Send(frame) : null;
    }

    private SendStep FromLog(OutboundLog log)
    {
        var (batch, after) = log.Next();
        if (batch is not null)
        {
            return Send(batch);
        }

        // The log may have found out just now that it cannot serve the peer.
        if (_snapshot is null && Bulk() is { } step)
        {
            return step;
        }

        if (!Speaks(Features.Digests))
        {
            return new SendStep(null, Sooner(after), false);
        }

        var (question, wanted) = _digests.Next(IsCatchingUp);
        return question is not null ? Send(question) : new SendStep(null, Sooner(after is null || wanted < after ? wanted ?? after : after), false);
    }

    /// <summary>Then, or when a heartbeat is due.</summary>
    private TimeSpan Sooner(TimeSpan? after)
    {
        var untilHeartbeat = _local.Time.GetElapsedTime(_local.Time.GetTimestamp(), _heartbeatAt);
        return after is { } wanted && wanted < untilHeartbeat ? wanted : untilHeartbeat;
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _local.Time.TimestampFrequency);
}
