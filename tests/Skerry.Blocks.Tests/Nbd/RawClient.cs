using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Skerry.Blocks.Tests.Nbd;

/// <summary>
/// A client that knows the protocol from its document alone and shares no code with the server, so that an error made once is not
/// made twice. It can be told to misbehave.
/// </summary>
internal sealed class RawClient : IDisposable
{
    public const ushort Read = 0, Write = 1, Disconnect = 2, Flush = 3, Trim = 4, Cache = 5, WriteZeroes = 6, BlockStatus = 7;
    public const ushort Fua = 1, NoHole = 2, DontFragment = 4, ReqOne = 8, FastZero = 16;
    public const uint RepAck = 1, RepServer = 2, RepInfo = 3, RepMeta = 4;
    public const uint ErrUnsup = 0x80000001, ErrInvalid = 0x80000003, ErrTlsRequired = 0x80000005, ErrUnknown = 0x80000006;

    private readonly Dictionary<ulong, uint> _readLengths = [];

    private Stream? _tls;

    private RawClient(Socket socket) => Socket = socket;

    public Socket Socket { get; }

    public long SizeBytes { get; private set; }

    public ushort Flags { get; private set; }

    public static RawClient Dial(EndPoint server)
    {
        Socket socket = new(server.AddressFamily, SocketType.Stream, server.AddressFamily == AddressFamily.Unix ? ProtocolType.Unspecified : ProtocolType.Tcp)
        {
            ReceiveTimeout = 20_000,
            SendTimeout = 20_000,
        };
        socket.Connect(server);
        return new RawClient(socket);
    }

    /// <summary>Dials and greets, and stands before option haggling.</summary>
    public static RawClient Greet(EndPoint server, uint clientFlags = 3)
    {
        RawClient client = Dial(server);
        byte[] greeting = client.Receive(18);
        Assert.Equal("NBDMAGICIHAVEOPT", Encoding.ASCII.GetString(greeting, 0, 16));
        Assert.Equal(3, BinaryPrimitives.ReadUInt16BigEndian(greeting.AsSpan(16)));
        client.Send(Big(clientFlags));
        return client;
    }

    /// <summary>Asks for TLS and shakes hands, trusting one root.</summary>
    public void StartTls(X509Certificate2 root, X509Certificate2? own = null)
    {
        Assert.Equal(RepAck, Option(5, []).Single().Kind);
        SslStream stream = new(new NetworkStream(Socket), leaveInnerStreamOpen: true);
        stream.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ClientCertificates = own is null ? null : [own],
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { root },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        });
        _tls = stream;
    }

    /// <summary>Goes all the way into transmission.</summary>
    public static RawClient Enter(EndPoint server, string name, bool structured, bool allocation)
    {
        RawClient client = Greet(server);
        client.Enter(name, structured, allocation);
        return client;
    }

    public void Enter(string name, bool structured = true, bool allocation = true)
    {
        if (structured)
        {
            Assert.Equal(RepAck, Option(8, []).Single().Kind);
        }

        if (structured && allocation)
        {
            List<(uint Kind, byte[] Data)> contexts = Option(10, Contexts(name, "base:allocation"));
            Assert.Equal([RepMeta, RepAck], contexts.Select(c => c.Kind));
        }

        List<(uint Kind, byte[] Data)> replies = Option(7, Info(name, 3));
        Assert.Equal(RepAck, replies[^1].Kind);
        byte[] export = replies.Single(r => r.Kind == RepInfo && r.Data.Length == 12).Data;
        SizeBytes = BinaryPrimitives.ReadInt64BigEndian(export.AsSpan(2));
        Flags = BinaryPrimitives.ReadUInt16BigEndian(export.AsSpan(10));
    }

    public static byte[] Big(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    public static byte[] Big(ulong value) => [.. Big((uint)(value >> 32)), .. Big((uint)value)];

    public static byte[] Big16(ushort value) => [(byte)(value >> 8), (byte)value];

    public static byte[] Text(string text) => [.. Big((uint)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    public static byte[] Info(string name, params ushort[] kinds) => [.. Text(name), .. Big16((ushort)kinds.Length), .. kinds.SelectMany(Big16)];

    public static byte[] Contexts(string name, params string[] queries) => [.. Text(name), .. Big((uint)queries.Length), .. queries.SelectMany(Text)];

    /// <summary>Sends an option and takes its replies, up to and with the last.</summary>
    public List<(uint Kind, byte[] Data)> Option(uint option, byte[] data)
    {
        Send([.. "IHAVEOPT"u8, .. Big(option), .. Big((uint)data.Length), .. data]);
        List<(uint Kind, byte[] Data)> replies = [];
        while (true)
        {
            byte[] header = Receive(20);
            Assert.Equal(0x3e889045565a9ul, BinaryPrimitives.ReadUInt64BigEndian(header));
            Assert.Equal(option, BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(8)));
            uint kind = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12));
            replies.Add((kind, Receive((int)BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(16)))));
            if (kind is RepAck or >= 0x80000000)
            {
                return replies;
            }
        }
    }

    public static byte[] Request(ushort command, ulong cookie, ulong offset, uint length, ushort flags = 0, byte[]? payload = null) =>
        [.. Big(0x25609513u), .. Big16(flags), .. Big16(command), .. Big(cookie), .. Big(offset), .. Big(length), .. payload ?? []];

    public void Ask(ushort command, ulong cookie, ulong offset, uint length, ushort flags = 0, byte[]? payload = null)
    {
        if (command == Read)
        {
            _readLengths[cookie] = length;
        }

        Send(Request(command, cookie, offset, length, flags, payload));
    }

    /// <summary>Sends requests with their payloads in one piece, less so many bytes at the end.</summary>
    public void AskTogether(IReadOnlyList<(ushort Command, ulong Cookie, ulong Offset, byte[] Payload)> requests, int cutBytes = 0)
    {
        byte[] all = [.. requests.SelectMany(r => Request(r.Command, r.Cookie, r.Offset, (uint)r.Payload.Length, 0, r.Payload))];
        Send(all[..^cutBytes]);
    }

    /// <summary>Asks and takes the reply; nothing else may be outstanding.</summary>
    public RawReply Do(ushort command, ulong offset, uint length, ushort flags = 0, byte[]? payload = null)
    {
        const ulong cookie = 0x1122334455667788;
        Ask(command, cookie, offset, length, flags, payload);
        RawReply reply = Next();
        Assert.Equal(cookie, reply.Cookie);
        return reply;
    }

    /// <summary>The next whole reply; the chunks of one must not be mixed with another's, which this server promises to keep simple.</summary>
    public RawReply Next()
    {
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(Receive(4));
        if (magic == 0x67446698)
        {
            byte[] rest = Receive(12);
            uint error = BinaryPrimitives.ReadUInt32BigEndian(rest);
            ulong cookie = BinaryPrimitives.ReadUInt64BigEndian(rest.AsSpan(4));
            byte[] data = error == 0 && _readLengths.Remove(cookie, out uint length) ? Receive((int)length) : [];
            return new RawReply(cookie, error, "", data.Length > 0 ? [new(1, 0, data)] : [], IsSimple: true);
        }

        Assert.Equal(0x668e33efu, magic);
        List<RawChunk> chunks = [];
        uint fault = 0;
        string message = "";
        while (true)
        {
            byte[] header = Receive(16);
            ushort flags = BinaryPrimitives.ReadUInt16BigEndian(header);
            ushort kind = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(2));
            ulong cookie = BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(4));
            byte[] payload = Receive((int)BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12)));
            if (kind >= 0x8000)
            {
                fault = BinaryPrimitives.ReadUInt32BigEndian(payload);
                Assert.NotEqual(0u, fault);
                message = Encoding.UTF8.GetString(payload, 6, BinaryPrimitives.ReadUInt16BigEndian(payload.AsSpan(4)));
            }
            else if (kind is 1 or 2)
            {
                chunks.Add(new(kind, BinaryPrimitives.ReadInt64BigEndian(payload), payload[8..]));
            }
            else if (kind != 0)
            {
                chunks.Add(new(kind, 0, payload));
            }

            if ((flags & 1) != 0)
            {
                _readLengths.Remove(cookie);
                return new RawReply(cookie, fault, message, chunks, IsSimple: false);
            }

            Assert.Equal(0x668e33efu, BinaryPrimitives.ReadUInt32BigEndian(Receive(4)));
        }
    }

    public void Send(byte[] bytes)
    {
        if (_tls is not null)
        {
            _tls.Write(bytes);
            return;
        }

        for (int sent = 0; sent < bytes.Length;)
        {
            sent += Socket.Send(bytes.AsSpan(sent));
        }
    }

    public byte[] Receive(int count)
    {
        byte[] bytes = new byte[count];
        for (int got = 0; got < count;)
        {
            int now = _tls is null ? Socket.Receive(bytes.AsSpan(got)) : _tls.Read(bytes.AsSpan(got));
            Assert.True(now > 0, $"the server closed the connection after {got} of {count} bytes");
            got += now;
        }

        return bytes;
    }

    /// <summary>True when the server closes, by end or reset, before it sends anything further.</summary>
    public bool IsClosedByServer()
    {
        try
        {
            return (_tls is null ? Socket.Receive(new byte[1]) : _tls.Read(new byte[1])) == 0;
        }
        catch (Exception e) when (
            (e as SocketException ?? e.InnerException as SocketException)?.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
        {
            return true;
        }
    }

    public void Dispose()
    {
        _tls?.Dispose();
        Socket.Dispose();
    }
}

internal sealed record RawChunk(ushort Kind, long OffsetBytes, byte[] Data);

internal sealed record RawReply(ulong Cookie, uint Error, string Message, IReadOnlyList<RawChunk> Chunks, bool IsSimple)
{
    /// <summary>What a read returned, holes filled in with zeroes.</summary>
    public byte[] Content(long offsetBytes, int lengthBytes)
    {
        Assert.Equal(0u, Error);
        byte[] content = new byte[lengthBytes];
        int covered = 0;
        foreach (RawChunk chunk in Chunks)
        {
            int at = IsSimple ? 0 : (int)(chunk.OffsetBytes - offsetBytes);
            int length = chunk.Kind == 2 ? BinaryPrimitives.ReadInt32BigEndian(chunk.Data) : chunk.Data.Length;
            if (chunk.Kind == 1)
            {
                chunk.Data.CopyTo(content, at);
            }

            covered += length;
        }

        Assert.Equal(lengthBytes, covered);
        return content;
    }

    /// <summary>The descriptors of a block status reply: length and state.</summary>
    public List<(uint LengthBytes, uint State)> Extents()
    {
        Assert.Equal(0u, Error);
        return Extents(Assert.Single(Chunks).Data);
    }

    /// <summary>The same, of the one chunk that bears the context's id.</summary>
    public List<(uint LengthBytes, uint State)> ExtentsOf(uint contextId)
    {
        Assert.Equal(0u, Error);
        return Extents(Chunks.Single(chunk => BinaryPrimitives.ReadUInt32BigEndian(chunk.Data) == contextId).Data);
    }

    private static List<(uint LengthBytes, uint State)> Extents(byte[] payload)
    {
        List<(uint LengthBytes, uint State)> extents = [];
        for (int at = 4; at < payload.Length; at += 8)
        {
            extents.Add((BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(at)), BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(at + 4))));
        }

        return extents;
    }
}
