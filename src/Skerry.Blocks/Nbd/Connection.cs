using System.Net;
using System.Net.Sockets;

namespace Skerry.Blocks.Nbd;

/// <summary>
/// One client from accept to the last buffer given back. Whatever ends it, it ends in one order: no more requests, what is in flight
/// finishes or is cancelled, replies are sent or given up, the lease is disposed, the socket is closed.
/// </summary>
internal sealed class Connection
{
    /// <summary>The block store runs on this stack, and needs little; hundreds of connections must not cost a megabyte each.</summary>
    private const int StackBytes = 512 * 1024;

    private readonly ServerParts _server;
    private readonly ClientSocket _socket;
    private readonly EndPoint _remote;
    private readonly DateTimeOffset _since;
    private readonly CancellationTokenSource _cut = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private Transmission? _transmission;
    private string? _label;
    private bool _isStopping;
    private long _seenBytes;
    private long _lastActivityTicks;

    public Connection(long id, Socket socket, ServerParts server)
    {
        Id = id;
        _server = server;
        _socket = new ClientSocket(socket, server.Options.UnansweredTimeout, server.Options.BusyWait);
        _remote = _socket.Remote ?? server.Options.EndPoint;
        _since = server.Time.GetUtcNow();
        _lastActivityTicks = _since.UtcTicks;
    }

    public long Id { get; }

    /// <summary>Completes, always successfully, when nothing of the connection is left.</summary>
    public Task Ended => _ended.Task;

    public NbdConnectionInfo Info
    {
        get
        {
            lock (_gate)
            {
                return new(
                    Id, _remote, _label, _since, _socket.BytesIn, _socket.BytesOut, new DateTimeOffset(_lastActivityTicks, TimeSpan.Zero));
            }
        }
    }

    public void Start(Action<Connection> whenEnded) =>
        new Thread(() => Run(whenEnded), StackBytes) { IsBackground = true, Name = $"nbd {_remote}" }.Start();

    /// <summary>Takes no further requests; those in flight are finished and answered.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _isStopping = true;
            _transmission?.Stop();
        }

        _socket.StopReceiving();
    }

    /// <summary>Cuts the client off at once and cancels what is in flight.</summary>
    public void Abort()
    {
        _socket.Abort();
        try
        {
            _cut.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Ended meanwhile.
        }
        catch (AggregateException fault)
        {
            Report("cancelling requests in flight", fault);
        }
    }

    /// <summary>
    /// Notes when bytes were last seen to move, and ends what was idle for too long; called about once a second, so that the request
    /// path need not.
    /// </summary>
    public void NoteActivity()
    {
        bool isIdleTooLong;
        string? label;
        lock (_gate)
        {
            long nowTicks = _server.Time.GetUtcNow().UtcTicks;
            long bytes = _socket.BytesIn + _socket.BytesOut;
            if (bytes != _seenBytes || _transmission is { IsIdle: false })
            {
                _seenBytes = bytes;
                _lastActivityTicks = nowTicks;
            }

            label = _label;
            isIdleTooLong = _transmission is not null
                && !_isStopping
                && _server.Options.IdleTimeout is { } limit
                && nowTicks - _lastActivityTicks >= limit.Ticks;
        }

        if (isIdleTooLong)
        {
            TurnedAway(label, $"it was idle for {_server.Options.IdleTimeout!.Value.TotalSeconds:0} s");
            Stop();
        }
    }

    private void Run(Action<Connection> whenEnded)
    {
        try
        {
            if (ShakeHands() is { } agreed)
            {
                try
                {
                    Serve(agreed.Export, agreed.Agreed);
                }
                finally
                {
                    _server.Slots.Leave(agreed.Export.Label);
                }
            }
        }
        catch (Exception fault)
        {
            Report("serving the connection", fault);
        }
        finally
        {
            _socket.Dispose();
            _cut.Dispose();
            whenEnded(this);
            _ended.SetResult();
        }
    }

    private (NbdExport Export, Agreement Agreed)? ShakeHands()
    {
        using ITimer deadline = _server.Time.CreateTimer(_ => TakesTooLong(), null, _server.Options.HandshakeTimeout, Timeout.InfiniteTimeSpan);
        try
        {
            return new Handshake(_socket, new NbdPeer(_remote), _server, TurnedAway, _cut.Token).Run();
        }
        catch (OperationCanceledException) when (_cut.IsCancellationRequested)
        {
            return null;
        }
    }

    private void TakesTooLong()
    {
        TurnedAway(null, $"it did not finish the handshake within {_server.Options.HandshakeTimeout.TotalSeconds:0.#} s");
        Abort();
    }

    private void Serve(NbdExport export, Agreement agreed)
    {
        try
        {
            using Transmission transmission = new(_socket, export, agreed, _server, Report, _cut.Token);
            lock (_gate)
            {
                _label = export.Label;
                _transmission = transmission;
                if (_isStopping)
                {
                    transmission.Stop();
                }
            }

            try
            {
                using CancellationTokenRegistration revoked = export.Revoked.UnsafeRegister(static me => ((Connection)me!).Abort(), this);
                try
                {
                    transmission.Run();
                }
                finally
                {
                    Drain(transmission.Queue);
                }
            }
            finally
            {
                lock (_gate)
                {
                    _transmission = null;
                }
            }
        }
        finally
        {
            ValueTask disposal = export.DisposeAsync();
            if (!disposal.IsCompletedSuccessfully)
            {
                disposal.AsTask().GetAwaiter().GetResult();
            }
        }
    }

    /// <summary>
    /// Returns with nothing in flight: buffers are the device's until its tasks complete, however long a cancelled one takes to notice.
    /// </summary>
    private void Drain(ReplyQueue queue)
    {
        queue.SendReady();
        if (!queue.WaitIdle(_server.Options.DrainTimeout))
        {
            Abort();
            queue.WaitIdle(Timeout.InfiniteTimeSpan);
        }
    }

    private void TurnedAway(string? label, string reason) => _server.Options.OnTurnedAway?.Invoke(new(_remote, label, reason));

    private void Report(string what, Exception fault) => _server.Options.OnFault?.Invoke(new(_remote, _label, what, fault));
}
