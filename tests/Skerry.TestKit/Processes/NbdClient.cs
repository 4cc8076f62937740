using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Skerry.TestKit.Processes;

/// <summary>
/// A client of the NBD protocol, written for tests apart from the server: fixed newstyle with NBD_OPT_GO and simple replies, one
/// request at a time. Source: doc/proto.md of the NetworkBlockDevice project.
/// </summary>
public sealed class NbdClient : IAsyncDisposable
{
    private const ulong InitMagic = 0x4e42444d41474943, OptionMagic = 0x49484156454F5054, OptionReplyMagic = 0x3e889045565a9;
    private const uint RequestMagic = 0x25609513, SimpleReplyMagic = 0x67446698, OptionGo = 7, ReplyAck = 1, ReplyInfo = 3;

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private ulong _cookie;

    private NbdClient(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: false);
    }

    public long SizeBytes { get; private set; }

    /// <summary>Opens the export of an <c>nbd://host:port/name</c> URI.</summary>
    public static async Task<NbdClient> ConnectAsync(Uri uri, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(uri.Host, uri.Port, cancellationToken);
            var client = new NbdClient(socket);
            await client.NegotiateAsync(Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')), cancellationToken);
            return client;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await RequestAsync(0, 0, offsetBytes, buffer.Length, ReadOnlyMemory<byte>.Empty, cancellationToken);
        await _stream.ReadExactlyAsync(buffer, cancellationToken);
    }

    public Task WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, CancellationToken cancellationToken, bool forceUnitAccess = false) =>
        RequestAsync(forceUnitAccess ? (ushort)1 : (ushort)0, 1, offsetBytes, data.Length, data, cancellationToken);

    public Task FlushAsync(CancellationToken cancellationToken) =>
        RequestAsync(0, 3, 0, 0, ReadOnlyMemory<byte>.Empty, cancellationToken);

    public ValueTask DisposeAsync()
    {
        _stream.Dispose();
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task NegotiateAsync(string exportName, CancellationToken cancellationToken)
    {
        var hello = new byte[18];
        await _stream.ReadExactlyAsync(hello, cancellationToken);
        Expect(BinaryPrimitives.ReadUInt64BigEndian(hello) == InitMagic && BinaryPrimitives.ReadUInt64BigEndian(hello.AsSpan(8)) == OptionMagic, "greeting");

        var name = Encoding.UTF8.GetBytes(exportName);
        var option = new byte[4 + 16 + 4 + name.Length + 2];
        BinaryPrimitives.WriteUInt32BigEndian(option, 3);
        BinaryPrimitives.WriteUInt64BigEndian(option.AsSpan(4), OptionMagic);
        BinaryPrimitives.WriteUInt32BigEndian(option.AsSpan(12), OptionGo);
        BinaryPrimitives.WriteUInt32BigEndian(option.AsSpan(16), (uint)(4 + name.Length + 2));
        BinaryPrimitives.WriteUInt32BigEndian(option.AsSpan(20), (uint)name.Length);
        name.CopyTo(option, 24);
        await _stream.WriteAsync(option, cancellationToken);

        while (true)
        {
            var header = new byte[20];
            await _stream.ReadExactlyAsync(header, cancellationToken);
            Expect(BinaryPrimitives.ReadUInt64BigEndian(header) == OptionReplyMagic, "option reply");
            var type = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12));
            var data = new byte[BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(16))];
            await _stream.ReadExactlyAsync(data, cancellationToken);
            if (type == ReplyAck)
            {
                return;
            }

            if (type != ReplyInfo)
            {
                throw new IOException($"the NBD server refused the export: error {type & 0x7fffffff}, {Encoding.UTF8.GetString(data)}");
            }

            if (BinaryPrimitives.ReadUInt16BigEndian(data) == 0)
            {
                SizeBytes = BinaryPrimitives.ReadInt64BigEndian(data.AsSpan(2));
            }
        }
    }

    private async Task RequestAsync(
        ushort flags, ushort type, long offsetBytes, int lengthBytes, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var cookie = ++_cookie;
        var request = new byte[28 + payload.Length];
        BinaryPrimitives.WriteUInt32BigEndian(request, RequestMagic);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(4), flags);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(6), type);
        BinaryPrimitives.WriteUInt64BigEndian(request.AsSpan(8), cookie);
        BinaryPrimitives.WriteInt64BigEndian(request.AsSpan(16), offsetBytes);
        BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(24), lengthBytes);
        payload.CopyTo(request.AsMemory(28));
        await _stream.WriteAsync(request, cancellationToken);

        var reply = new byte[16];
        await _stream.ReadExactlyAsync(reply, cancellationToken);
        Expect(BinaryPrimitives.ReadUInt32BigEndian(reply) == SimpleReplyMagic && BinaryPrimitives.ReadUInt64BigEndian(reply.AsSpan(8)) == cookie, "reply");
        var error = BinaryPrimitives.ReadUInt32BigEndian(reply.AsSpan(4));
        if (error != 0)
        {
            throw new IOException($"the NBD server answered with error {error}");
        }
    }

    private static void Expect(bool condition, string what)
    {
        if (!condition)
        {
            throw new IOException($"the NBD server's {what} is malformed");
        }
    }
}
