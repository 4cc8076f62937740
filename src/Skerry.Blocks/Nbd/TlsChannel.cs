using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Skerry.Blocks.Nbd;

/// <summary>
/// TLS over a client's socket, with the calls that <see cref="ClientSocket"/> needs: one thread receives by blocking, one at a time
/// sends and need not block.
/// </summary>
/// <remarks>
/// What was encrypted must be sent, in order, so what the client's window does not take at once waits in the wire, and nothing more
/// is encrypted before it has gone. That bounds it to one <see cref="EncryptBytes"/>.
/// </remarks>
internal sealed class TlsChannel : IDisposable
{
    /// <summary>Plain bytes encrypted between two sends: several records for one system call.</summary>
    private const int EncryptBytes = 128 * 1024;

    private readonly TlsWire _wire;
    private readonly SslStream _stream;

    private TlsChannel(TlsWire wire, SslStream stream)
    {
        _wire = wire;
        _stream = stream;
    }

    public NbdClientCertificate? ClientCertificate { get; private init; }

    /// <summary>Shakes hands as the server; null when the client ended, or is not one that may come in.</summary>
    /// <param name="socket">The client.</param>
    /// <param name="server">What is asked of it.</param>
    /// <param name="onFailure">Told why, when it is null.</param>
    public static TlsChannel? TryOpen(Socket socket, TlsServer server, Action<string> onFailure)
    {
        string? refusal = null;
        TlsWire wire = new(socket);
        SslStream stream = new(wire, leaveInnerStreamOpen: true);
        try
        {
            stream.AuthenticateAsServer(server.Authentication(reason => refusal = reason));
            wire.Gathers = true;
            return new TlsChannel(wire, stream) { ClientCertificate = TlsServer.Describe(stream.RemoteCertificate) };
        }
        catch (Exception e) when (IsEnd(e))
        {
            stream.Dispose();
            onFailure(refusal ?? $"TLS with it failed: {(e.InnerException ?? e).Message}");
            return null;
        }
    }

    /// <summary>As <see cref="ClientSocket.Receive"/>.</summary>
    public int Receive(Span<byte> buffer)
    {
        try
        {
            return _stream.Read(buffer);
        }
        catch (Exception e) when (IsEnd(e))
        {
            return 0;
        }
    }

    /// <summary>
    /// Encrypts and sends the pieces, and removes from the list what was encrypted, which is counted. "Some" may leave the list
    /// empty: the rest is in the wire then, and goes with the next call.
    /// </summary>
    public SendOutcome Send(List<ArraySegment<byte>> pieces, bool mayBlock, ref long sentBytes)
    {
        try
        {
            while (true)
            {
                if (!_wire.SendGathered(mayBlock))
                {
                    return SendOutcome.Some;
                }

                if (pieces.Count == 0)
                {
                    return SendOutcome.All;
                }

                for (int roomBytes = EncryptBytes; roomBytes > 0 && pieces.Count > 0;)
                {
                    ArraySegment<byte> piece = pieces[0];
                    int now = Math.Min(piece.Count, roomBytes);
                    _stream.Write(piece.AsSpan(0, now));
                    Volatile.Write(ref sentBytes, sentBytes + now);
                    roomBytes -= now;
                    if (now == piece.Count)
                    {
                        pieces.RemoveAt(0);
                    }
                    else
                    {
                        pieces[0] = piece[now..];
                    }
                }
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            return SendOutcome.Failed;
        }
    }

    /// <summary>Says that this end is done, as far as the client's window takes it; the socket stays the caller's.</summary>
    public void Dispose()
    {
        try
        {
            // The wire's asynchronous calls do not wait, so neither does this.
            _stream.ShutdownAsync().GetAwaiter().GetResult();
            _wire.SendGathered(mayBlock: false);
        }
        catch (Exception e) when (IsEnd(e))
        {
            // Ended already, in whatever way.
        }

        _stream.Dispose();
    }

    /// <summary>A peer that goes, or talks nonsense, in any of the ways that the layers below tell it.</summary>
    private static bool IsEnd(Exception e) => e is IOException or SocketException or ObjectDisposedException or AuthenticationException or InvalidOperationException;
}
