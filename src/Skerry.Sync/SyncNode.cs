using System.Collections.Concurrent;
using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Skerry.State.Clocks;
using Skerry.Sync.Peers;
using Skerry.Sync.Protocol;
using Skerry.Sync.Transport;
using Skerry.Sync.Transport.WebSockets;

namespace Skerry.Sync;

/// <summary>
/// Keeps this site's links: dials the peers that have an address, takes the connections of those that dial, and runs a session on
/// each. Carries mutations and nothing else.
/// </summary>
/// <remarks>
/// <see cref="RunAsync"/> is the one loop, and the host's to start and stop. Everything else may be called at any time, also before
/// it runs.
/// </remarks>
public sealed class SyncNode
{
    /// <summary>The path of the sync listener that sessions run on.</summary>
    public const string Path = "/sync";

    // How often health is judged though nothing happened, so that "since" is right to this.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<SiteId, Peer> _peers = [];
    private readonly SiteLocal _local;
    private readonly PinTable _pins;
    private readonly PeerDialer _dialer;
    private readonly IReadOnlyList<string> _addresses;
    private readonly ILogger _logger;
    private readonly Lock _randomLock = new();

    /// <param name="local">This site.</param>
    /// <param name="pins">Kept in line with <see cref="SetPeers"/>; shared with the listener and the dialer.</param>
    /// <param name="dialer">Opens connections.</param>
    /// <param name="addresses">Further HOST:PORT to dial, whichever member answers there.</param>
    /// <param name="logger">For operators.</param>
    public SyncNode(SiteLocal local, PinTable pins, PeerDialer dialer, IReadOnlyList<string> addresses, ILogger logger)
    {
        _local = local;
        _pins = pins;
        _dialer = dialer;
        _addresses = addresses;
        _logger = logger;
    }

    /// <summary>One for each peer of the last <see cref="SetPeers"/>.</summary>
    public IReadOnlyList<PeerReport> Reports => [.. _peers.Values.Select(p => p.Report()).OrderBy(r => r.Site)];

    /// <summary>Peers that hold something else than this site although both have seen the same.</summary>
    public IReadOnlyList<StateDifference> Differences => _local.Digests.Differences;

    /// <summary>Which sites live, heard here or told by peers.</summary>
    public IReadOnlyList<Hearsay> Hearsay => _local.Gossip.Reports;

    /// <summary>
    /// Replaces the set of peers. Connections to peers that are no longer in it, or that may not sync any more, are closed; those
    /// whose entry did not change are left alone.
    /// </summary>
    public void SetPeers(IReadOnlyList<PeerTarget> targets)
    {
        _local.Gossip.SetMembers(targets.Select(t => t.Site));
        foreach (var target in targets)
        {
            _peers.GetOrAdd(target.Site, _ => new Peer(target, _local)).Retarget(target);
        }

        foreach (var gone in _peers.Keys.Except(targets.Select(t => t.Site)).ToList())
        {
            if (_peers.TryRemove(gone, out var peer))
            {
                peer.Close(ByeCode.NotAllowed, "The site is no longer a peer.");
            }
        }

        // Last: what it cuts off has heard the reason by then.
        _pins.Set(targets);
    }

    /// <summary>Runs a connection that the peer dialled, until it is over. The socket stays the caller's.</summary>
    public async Task AcceptAsync(PeerTarget target, WebSocket socket, CancellationToken cancellationToken)
    {
        if (!_peers.TryGetValue(target.Site, out var peer))
        {
            return;
        }

        await RunLinkAsync(peer, Connection(socket, target.Name), target.Site, cancellationToken);
    }

    /// <summary>Keeps the links until it is cancelled; then says goodbye on all of them and returns.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var dials = new Dictionary<SiteId, (Peer Peer, Task Task)>();
        var others = new List<Task> { PulseOnChangesAsync(cancellationToken) };
        others.AddRange(_addresses.Select(address => DialAddressAsync(address, cancellationToken)));
        using var tick = new PeriodicTimer(Tick, _local.Time);
        try
        {
            do
            {
                foreach (var (site, peer) in _peers)
                {
                    if (!dials.TryGetValue(site, out var dial) || dial.Peer != peer || dial.Task.IsCompleted)
                    {
                        dials[site] = (peer, DialAsync(peer, cancellationToken));
                    }

                    peer.Report();
                }
            }
            while (await tick.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }

        await Task.WhenAll(dials.Values.Select(d => d.Task).Concat(others));
    }

    private async Task PulseOnChangesAsync(CancellationToken cancellationToken)
    {
        using var feed = _local.Replica.Subscribe(maxKeys: 1);
        try
        {
            while (true)
            {
                await feed.ReadAsync(cancellationToken);
                foreach (var peer in _peers.Values)
                {
                    peer.Pulse();
                }
            }
        }
        catch (Exception end) when (end is OperationCanceledException or System.Threading.Channels.ChannelClosedException)
        {
            // Asked to stop, or the replica was.
        }
    }

    /// <summary>Dials one peer for as long as it is one.</summary>
    private async Task DialAsync(Peer peer, CancellationToken cancellationToken)
    {
        var backoff = NewBackoff();
        try
        {
            while (_peers.TryGetValue(peer.Target.Site, out var current) && current == peer)
            {
                if (peer.HasLive || !peer.Target.MaySync || peer.Target.Address is not { } address)
                {
                    await peer.WaitAsync(Tick, cancellationToken);
                    continue;
                }

                try
                {
                    using var socket = await _dialer.ConnectAsync(peer.Target.Site, Path, cancellationToken);
                    if (await RunLinkAsync(peer, Connection(socket, address), _local.Replica.Site, cancellationToken))
                    {
                        backoff.Reset();
                    }
                }
                catch (PeerUnreachableException unreachable)
                {
                    peer.Failed(unreachable.Message);
                }

                var pause = Pause(backoff);
                if (!peer.HasLive)
                {
                    Log.DialFailed(_logger, peer.Target.Name, address, pause.TotalSeconds, peer.Report().LastError ?? "");
                }

                await peer.WaitAsync(TimeSpan.Zero, cancellationToken);
                await Task.Delay(pause, _local.Time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    /// <summary>Dials an address of the configuration, which says where a site is but not which.</summary>
    private async Task DialAddressAsync(string address, CancellationToken cancellationToken)
    {
        var backoff = NewBackoff();
        Peer? last = null;
        try
        {
            while (true)
            {
                if (last is { HasLive: true })
                {
                    await last.WaitAsync(Tick, cancellationToken);
                    continue;
                }

                try
                {
                    var (socket, target) = await _dialer.ConnectToMemberAsync(address, Path, cancellationToken);
                    using (socket)
                    {
                        if (_peers.TryGetValue(target.Site, out last) && target.MaySync && !last.HasLive
                            && await RunLinkAsync(last, Connection(socket, address), _local.Replica.Site, cancellationToken))
                        {
                            backoff.Reset();
                        }
                    }
                }
                catch (PeerUnreachableException unreachable)
                {
                    Log.DialFailed(_logger, address, address, 0, unreachable.Message);
                }

                await Task.Delay(Pause(backoff), _local.Time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    /// <summary>Runs one connection to its end.</summary>
    /// <returns>True when the two sites had greeted each other.</returns>
    private async Task<bool> RunLinkAsync(Peer peer, IFrameConnection connection, SiteId dialledBy, CancellationToken cancellationToken)
    {
        var target = peer.Target;
        var session = new LinkSession(_local, target.Site, _local.Options.For(target.Name));
        var runner = new LinkRunner(
            session,
            connection,
            _local,
            _ => peer.Heard(),
            self =>
            {
                peer.Admit(self, dialledBy);
                Log.LinkUp(_logger, target.Name, target.Site, self.Remote);
            });
        if (!target.MaySync)
        {
            runner.Close(ByeCode.NotAllowed, target.Refusal ?? "No link is configured between the two sites.");
        }

        string reason;
        try
        {
            reason = await runner.RunAsync(cancellationToken);
        }
        catch (Exception fault)
        {
            // A fault of this program must not end the loop that keeps the other links.
            Log.LinkFault(_logger, fault, target.Name);
            reason = $"an internal fault: {fault.Message}";
        }

        var wasLive = peer.Ended(runner, reason);
        if (session.SnapshotBytesJoined > 0)
        {
            Log.SnapshotJoined(_logger, session.SnapshotBytesJoined, target.Name);
        }

        if (wasLive)
        {
            Log.LinkDown(_logger, target.Name, target.Site, reason);
        }
        else if (!session.IsGreeted)
        {
            if (peer.Failed(reason))
            {
                Log.LinkRefused(_logger, target.Name, reason);
            }
        }

        return session.IsGreeted;
    }

    private WebSocketConnection Connection(WebSocket socket, string remote) =>
        new(socket, remote, _local.Options.FrameLimitBytes);

    private Backoff NewBackoff() => new(_local.Options.RedialLeast, _local.Options.RedialMost, _local.Random);

    // The site's source of chance is for one thread at a time.
    private TimeSpan Pause(Backoff backoff)
    {
        lock (_randomLock)
        {
            return backoff.Next();
        }
    }
}
