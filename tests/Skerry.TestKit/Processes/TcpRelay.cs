using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Skerry.TestKit.Processes;

/// <summary>
/// A wire between a client and a server on this machine that can be cut: cutting resets what is open and refuses what is new, as a
/// pulled cable with a broken route would, without either end being asked.
/// </summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Socket, byte> _open = new();
    private readonly ConcurrentDictionary<Task, byte> _pumps = new();
    private readonly Task _accepting;
    private long _bytes;

    /// <param name="target">Where what comes in is carried to.</param>
    /// <param name="port">Where to listen on loopback; 0 takes a free port.</param>
    public TcpRelay(IPEndPoint target, int port = 0)
    {
        _target = target;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listener.Start();
        EndPoint = (IPEndPoint)_listener.LocalEndpoint;
        _accepting = AcceptAsync();
    }

    public IPEndPoint Target => _target;

    /// <summary>Where clients dial.</summary>
    public IPEndPoint EndPoint { get; }

    public bool IsCut { get; private set; }

    /// <summary>How long each piece is held back, each way.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Bytes carried so far, both ways.</summary>
    public long CarriedBytes => Interlocked.Read(ref _bytes);

    public void Cut()
    {
        IsCut = true;
        foreach (var socket in _open.Keys)
        {
            Reset(socket);
        }
    }

    public void Heal() => IsCut = false;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        Cut();
        await _accepting;
        await Task.WhenAll(_pumps.Keys);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            if (IsCut)
            {
                Reset(client);
                continue;
            }

            var carry = CarryAsync(client);
            _pumps.TryAdd(carry, 0);
            _ = carry.ContinueWith(t => _pumps.TryRemove(t, out _), TaskScheduler.Default);
        }
    }

    private async Task CarryAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        {
            client.NoDelay = true;
            _open.TryAdd(client, 0);
            _open.TryAdd(server, 0);
            try
            {
                await server.ConnectAsync(_target, _stop.Token);
                if (IsCut)
                {
                    return;
                }

                await Task.WhenAll(PumpAsync(client, server), PumpAsync(server, client));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // Either end went away, or the wire was cut: both ends shall see a reset.
            }
            finally
            {
                _open.TryRemove(client, out _);
                _open.TryRemove(server, out _);
                Reset(client);
                Reset(server);
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[128 * 1024];
        while (true)
        {
            var count = await from.ReceiveAsync(buffer, _stop.Token);
            if (count == 0)
            {
                to.Shutdown(SocketShutdown.Send);
                return;
            }

            Interlocked.Add(ref _bytes, count);
            if (Delay > TimeSpan.Zero)
            {
                await Task.Delay(Delay, _stop.Token);
            }

            for (var sent = 0; sent < count;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _stop.Token);
            }
        }
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was closed already, which is what was wanted.
        }
    }
}
