using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Skerry.Blocks.Nbd;

/// <summary>
/// Serves block devices to NBD clients on TCP and UNIX sockets. What each export name means is up to <see cref="INbdExports"/>.
/// </summary>
/// <remarks>Started once and stopped once. After <see cref="StopAsync"/> no device is in use by it any more.</remarks>
public sealed class NbdServer : IAsyncDisposable
{
    private const int Backlog = 128;

    private static readonly TimeSpan ActivityInterval = TimeSpan.FromSeconds(1);

    private readonly NbdServerOptions _options;
    private readonly TimeProvider _time;
    private readonly NbdMetrics _metrics;
    private readonly ServerParts _parts;
    private readonly ConcurrentDictionary<long, Connection> _connections = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Socket> _listeners = [];
    private readonly List<EndPoint> _localEndPoints = [];
    private Task _accepting = Task.CompletedTask;
    private bool _isStarted;
    private ITimer? _activity;
    private readonly Lock _taking = new();
    private long _lastId;
    private bool _isDisposed;

    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public NbdServer(NbdServerOptions options, INbdExports exports, TimeProvider time)
    {
        _options = options.Validated();
        _time = time;
        _metrics = new NbdMetrics(time, () => _connections.Count);
        _parts = new ServerParts(_options, exports, time, _metrics);
    }

    /// <summary>Where it listens first, with the port that was taken; only after <see cref="StartAsync"/>.</summary>
    public EndPoint LocalEndPoint => LocalEndPoints[0];

    /// <summary>All that it listens on, in the order of the options.</summary>
    public IReadOnlyList<EndPoint> LocalEndPoints => _localEndPoints.Count > 0
        ? _localEndPoints
        : throw new InvalidOperationException("The NBD server is not started, so it has no address yet.");

    /// <summary>The connections of this moment, in order of arrival.</summary>
    public IReadOnlyList<NbdConnectionInfo> Connections =>
        [.. _connections.Values.OrderBy(connection => connection.Id).Select(connection => connection.Info)];

    /// <summary>Slabs and bytes of large payloads that are held, and exports that have connections: nothing where there are no connections.</summary>
    internal (int Slabs, long PayloadBytes, int Exports) Held => (_parts.Slabs.Rented, _parts.Budget.TakenBytes, _parts.Slots.Exports);

    /// <summary>Listens from when the task completes; on all of its addresses, or on none.</summary>
    /// <exception cref="SocketException">An address is in use, or may not be bound; the message names it.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_isStarted)
        {
            throw new InvalidOperationException("The NBD server was started before; make a new one.");
        }

        _isStarted = true;
        try
        {
            foreach (EndPoint endPoint in (IEnumerable<EndPoint>)[_options.EndPoint, .. _options.MoreEndPoints])
            {
                Socket listener = await ListenAsync(endPoint, cancellationToken);
                _listeners.Add(listener);
                _localEndPoints.Add(listener.LocalEndPoint!);
            }
        }
        catch
        {
            CloseListeners();
            throw;
        }

        _accepting = Task.WhenAll(_listeners.Select(AcceptAsync));
        _activity = _time.CreateTimer(_ => NoteActivity(), null, ActivityInterval, ActivityInterval);
    }

    /// <summary>
    /// Takes no more connections and requests, finishes and answers what is in flight, for at most
    /// <see cref="NbdServerOptions.DrainTimeout"/>, then cancels the rest and waits for the devices to let go.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting; connections then end by themselves when their devices let go.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        if (_activity is not null)
        {
            await _activity.DisposeAsync();
        }

        CloseListeners();
        await _accepting;
        foreach (Connection connection in _connections.Values)
        {
            connection.Stop();
        }

        Task ended = Task.WhenAll(_connections.Values.Select(connection => connection.Ended));
        try
        {
            await ended.WaitAsync(_options.DrainTimeout, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            foreach (Connection connection in _connections.Values)
            {
                connection.Abort();
            }

            await ended.WaitAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        await StopAsync(CancellationToken.None);
        _isDisposed = true;
        _metrics.Dispose();
        _stopping.Dispose();
    }

    private static async Task<Socket> ListenAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        Socket listener = endPoint is UnixDomainSocketEndPoint
            ? new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint is UnixDomainSocketEndPoint unix)
            {
                await UnixSocketFile.ClearAsync(unix, cancellationToken);
            }

            listener.Bind(endPoint);
            UnixSocketFile.Protect(endPoint);
            listener.Listen(Backlog);
            return listener;
        }
        catch (SocketException e)
        {
            listener.Dispose();
            throw new SocketException((int)e.SocketErrorCode, $"cannot listen on {endPoint}: {e.Message}");
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Removes the files of UNIX sockets too: only those that this server bound.</summary>
    private void CloseListeners()
    {
        for (int i = 0; i < _listeners.Count; i++)
        {
            _listeners[i].Dispose();
            UnixSocketFile.Remove(_localEndPoints[i]);
        }

        _listeners.Clear();
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await listener.AcceptAsync(_stopping.Token);
            }
            catch (Exception e) when (_stopping.IsCancellationRequested && e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException fault)
            {
                // Out of file descriptors, say: what is connected goes on, and new clients wait in the backlog for a moment.
                _options.OnFault?.Invoke(new(null, null, "accepting a connection", fault));
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time, CancellationToken.None);
                continue;
            }

            Take(client);
        }
    }

    private void Take(Socket client)
    {
        Connection connection;
        lock (_taking)
        {
            if (_connections.Count >= _options.MaxConnections)
            {
                _metrics.TurnedAway();
                _options.OnTurnedAway?.Invoke(new(
                    RemoteOf(client), null, $"it would be one more than the {_options.MaxConnections} connections that there may be"));
                client.Dispose();
                return;
            }

            try
            {
                connection = new(++_lastId, client, _parts);
            }
            catch (SocketException fault)
            {
                Report(fault);
                return;
            }

            _connections[connection.Id] = connection;
        }

        try
        {
            connection.Start(ended => _connections.TryRemove(ended.Id, out _));
        }
        catch (Exception fault) when (fault is OutOfMemoryException or ThreadStartException)
        {
            _connections.TryRemove(connection.Id, out _);
            Report(fault);
        }

        void Report(Exception fault)
        {
            _options.OnFault?.Invoke(new(null, null, "starting a connection", fault));
            client.Dispose();
        }
    }

    private static EndPoint? RemoteOf(Socket client)
    {
        try
        {
            return client.RemoteEndPoint;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private void NoteActivity()
    {
        foreach (Connection connection in _connections.Values)
        {
            connection.NoteActivity();
        }
    }
}
