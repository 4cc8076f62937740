using System.Net;
using System.Net.Sockets;

namespace Skerry.Blocks.Nbd;

internal enum SendOutcome
{
    All,
    Some,
    Failed,
}

/// <summary>
/// The only place that touches a client's socket, and so the place where TLS comes in. Calls block their thread: one thread receives,
/// and one at a time sends. A client that has gone is not a fault, so a failed call says "ended" and throws nothing.
/// </summary>
internal sealed class ClientSocket : IDisposable
{
    private const int TcpUserTimeoutOption = 18;

    /// <summary>A send that need not block waits this long all the same: handing the rest to another thread costs more.</summary>
    private const int PatienceMilliseconds = 5;

    /// <summary>
    /// Room for some slices of a large read, so that the next is read while the client takes the last. A UNIX socket has 208 KiB at
    /// first, less than one; TCP's room grows by itself, unless it is set. The kernel gives at most net.core.wmem_max.
    /// </summary>
    private const int UnixSendBufferBytes = 1 << 20;

    private readonly Socket _socket;
    private readonly BusyWait _wait;
    private TlsChannel? _tls;
    private long _bytesIn;
    private long _bytesOut;

    /// <param name="socket">An accepted client's, now this object's.</param>
    /// <param name="unanswered">How long a client's machine may answer nothing at all before it counts as gone.</param>
    public ClientSocket(Socket socket, TimeSpan unanswered, TimeSpan busyWait)
    {
        _wait = new BusyWait(busyWait);
        _socket = socket;
        if (socket.AddressFamily == AddressFamily.Unix)
        {
            socket.SendBufferSize = UnixSendBufferBytes;
        }

        if (socket.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6)
        {
            socket.NoDelay = true;

            // A client whose machine died sends nothing more, ever: without these its lease would last for hours.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)Math.Max(1, unanswered.TotalSeconds / 2));
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)Math.Max(1, unanswered.TotalSeconds / 6));
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, TcpUserTimeoutOption, BitConverter.GetBytes((int)unanswered.TotalMilliseconds));
        }
    }

    public EndPoint? Remote => _socket.RemoteEndPoint;

    public long BytesIn => Volatile.Read(ref _bytesIn);

    public long BytesOut => Volatile.Read(ref _bytesOut);

    /// <summary>What the client proved; null without TLS, or when it showed nothing.</summary>
    public NbdClientCertificate? ClientCertificate => _tls?.ClientCertificate;

    /// <summary>
    /// Goes on encrypted, for good; false when that failed and the connection is over. No other thread may use the socket meanwhile,
    /// and nothing that was received may be left over: what came before the handshake came from anybody.
    /// </summary>
    public bool StartTls(TlsServer server, Action<string> onFailure)
    {
        _tls = TlsChannel.TryOpen(_socket, server, onFailure);
        return _tls is not null;
    }

    /// <summary>Receives what there is, at least one byte; 0 when the client has ended.</summary>
    public int Receive(Span<byte> buffer)
    {
        int received = _tls is null ? ReceivePlain(buffer) : _tls.Receive(buffer);
        Volatile.Write(ref _bytesIn, _bytesIn + received);
        return received;
    }

    /// <summary>Fills the buffer; false when the client ended before.</summary>
    public bool ReceiveExactly(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int received = Receive(buffer);
            if (received == 0)
            {
                return false;
            }

            buffer = buffer[received..];
        }

        return true;
    }

    /// <summary>Sends all of it; false when the client has ended.</summary>
    public bool Send(ReadOnlySpan<byte> bytes)
    {
        if (_tls is not null)
        {
            return Send([new ArraySegment<byte>(bytes.ToArray())], mayBlock: true) == SendOutcome.All;
        }

        try
        {
            while (!bytes.IsEmpty)
            {
                int sent = _socket.Send(bytes);
                Volatile.Write(ref _bytesOut, _bytesOut + sent);
                bytes = bytes[sent..];
            }

            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>
    /// Sends the pieces in order and removes from the list what was sent. Unless it may block, it stops where the client's window is
    /// full, and something is left to send by the next call, which must follow.
    /// </summary>
    public SendOutcome Send(List<ArraySegment<byte>> pieces, bool mayBlock)
    {
        if (_tls is not null)
        {
            return _tls.Send(pieces, mayBlock, ref _bytesOut);
        }

        while (pieces.Count > 0)
        {
            long sent = SocketCalls.Send(_socket.SafeHandle, pieces, mayBlock);
            if (sent == 0 && SocketCalls.WaitToSend(_socket.SafeHandle, PatienceMilliseconds))
            {
                continue;
            }

            if (sent <= 0)
            {
                return sent == 0 ? SendOutcome.Some : SendOutcome.Failed;
            }

            Volatile.Write(ref _bytesOut, _bytesOut + sent);
            int whole = 0;
            while (whole < pieces.Count && sent >= pieces[whole].Count)
            {
                sent -= pieces[whole++].Count;
            }

            pieces.RemoveRange(0, whole);
            if (sent > 0)
            {
                pieces[0] = pieces[0][(int)sent..];
            }
        }

        return SendOutcome.All;
    }

    /// <summary>What is received from now on is "ended"; replies can still be sent.</summary>
    public void StopReceiving() => Shutdown(SocketShutdown.Receive);

    /// <summary>Ends both directions at once; a thread that is blocked in either returns.</summary>
    public void Abort() => Shutdown(SocketShutdown.Both);

    public void Dispose()
    {
        _tls?.Dispose();
        _socket.Dispose();
    }

    private int ReceivePlain(Span<byte> buffer)
    {
        if (_wait.Begin())
        {
            do
            {
                int received = SocketCalls.Receive(_socket.SafeHandle, buffer, mayBlock: false);
                if (received != 0)
                {
                    _wait.WasWorthIt();
                    return Math.Max(0, received);
                }
            }
            while (_wait.GoOn());
        }

        return Math.Max(0, SocketCalls.Receive(_socket.SafeHandle, buffer, mayBlock: true));
    }

    private void Shutdown(SocketShutdown what)
    {
        try
        {
            _socket.Shutdown(what);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Already ended, which is what was wanted.
        }
    }
}
