using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Skerry.Blocks.Nbd;

/// <summary>
/// Serves block devices to NBD clients on one TCP or UNIX socket. What each export name means is up to <see cref="INbdExports"/>.
/// </summary>
/// <remarks>Started once and stopped once. After <see cref="StopAsync"/> no device is in use by it any more.</remarks>
public sealed class NbdServer : IAsyncDisposable
{
    private const int Backlog = 128;

    private static readonly TimeSpan ActivityInterval = TimeSpan.FromSeconds(1);

    private readonly NbdServerOptions _options;
    private readonly INbdExports _exports;
    private readonly TlsServer? _tls;
    private readonly TimeProvider _time;
    private readonly SlabPool _slabs = new();
    private readonly NbdMetrics _metrics;
    private readonly ConcurrentDictionary<long, Connection> _connections = new();
    private readonly CancellationTokenSource _stopping = new();
    private Socket? _listener;
    private EndPoint? _localEndPoint;
    private Task _accepting = Task.CompletedTask;
    private ITimer? _activity;
    private long _lastId;
    private bool _isDisposed;

    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public NbdServer(NbdServerOptions options, INbdExports exports, TimeProvider time)
    {
        _options = options.Validated();
        _exports = exports;
        _tls = _options.Tls is { } tls ? new TlsServer(tls) : null;
        _time = time;
        _metrics = new NbdMetrics(time, () => _connections.Count);
    }

    /// <summary>Where it listens, with the port that was taken; only after <see cref="StartAsync"/>.</summary>
    public EndPoint LocalEndPoint =>
        _localEndPoint ?? throw new InvalidOperationException("The NBD server is not started, so it has no address yet.");

    /// <summary>The connections of this moment, in order of arrival.</summary>
    public IReadOnlyList<NbdConnectionInfo> Connections =>
        [.. _connections.Values.OrderBy(connection => connection.Id).Select(connection => connection.Info)];

    /// <summary>Listens from when the task completes.</summary>
    /// <exception cref="SocketException">The address is in use, or may not be bound.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_listener is not null)
        {
            throw new InvalidOperationException("The NBD server was started before; make a new one.");
        }

        EndPoint endPoint = _options.EndPoint;
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
        }
        catch
        {
            listener.Dispose();
            throw;
        }

        _listener = listener;
        _localEndPoint = listener.LocalEndPoint;
        _accepting = AcceptAsync(listener);
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

        _listener?.Dispose();
        await _accepting;
        if (_listener is not null)
        {
            UnixSocketFile.Remove(_options.EndPoint);
        }

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
        if (_connections.Count >= _options.MaxConnections)
        {
            _metrics.TurnedAway();
            client.Dispose();
            return;
        }

        try
        {
            Connection connection = new(++_lastId, client, _options, _exports, _tls, _time, _slabs, _metrics);
            _connections[connection.Id] = connection;
            connection.Start(ended => _connections.TryRemove(ended.Id, out _));
        }
        catch (Exception fault) when (fault is SocketException or OutOfMemoryException or ThreadStartException)
        {
            _connections.TryRemove(_lastId, out _);
            _options.OnFault?.Invoke(new(null, null, "starting a connection", fault));
            client.Dispose();
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
