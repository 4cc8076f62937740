using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Skerry.State.Storage.Redis;

/// <summary>
/// One connection, from its greeting to its end; it is never made again underneath its user, who has to check a server anew after each
/// connect. One command at a time. After any fault but an error that the server told, nothing more can be asked of it.
/// </summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly RespReader _reader;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;

    private RedisConnection(Socket socket, Stream stream, TimeSpan timeout, TimeProvider time)
    {
        _socket = socket;
        _stream = stream;
        _reader = new RespReader(stream);
        _timeout = timeout;
        _time = time;
    }

    /// <summary>The server closed it, or sent what nobody asked for. False says nothing: the other end may be gone without a word.</summary>
    public bool IsEnded
    {
        get
        {
            try
            {
                return _socket.Poll(0, SelectMode.SelectRead);
            }
            catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
            {
                return true;
            }
        }
    }

    /// <summary>Connects, proves who is there and logs in.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="timeout">The longest wait for the connection and for each answer.</param>
    /// <param name="time">Measures it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">Nobody answers there, or not with a certificate that holds.</exception>
    /// <exception cref="RedisErrorException">The server refuses the user, the password or the database.</exception>
    public static async Task<RedisConnection> OpenAsync(RedisAddress address, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            await socket.ConnectAsync(address.Host, address.Port, either.Token);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (address.Tls)
            {
                var secured = new SslStream(stream);
                await secured.AuthenticateAsClientAsync(Security(address), either.Token);
                stream = secured;
            }

            var connection = new RedisConnection(socket, stream, timeout, time);
            if (address.Password is { } password) await connection.AskAsync(address.User is { } user ? ["AUTH", user, password] : ["AUTH", password], either.Token);
            if (address.Database > 0) await connection.AskAsync(["SELECT", address.Database.ToString(CultureInfo.InvariantCulture)], either.Token);
            return connection;
        }
        catch (Exception fault)
        {
            socket.Dispose();
            throw fault switch
            {
                OperationCanceledException when !cancellationToken.IsCancellationRequested => new IOException($"nothing answered within {timeout.TotalSeconds:0.#} s", fault),
                SocketException or AuthenticationException => new IOException(fault.Message, fault),
                _ => fault,
            };
        }
    }

    public Task<RespValue> AskAsync(IReadOnlyList<string> words, CancellationToken cancellationToken) =>
        AskAsync([.. words.Select(word => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(word))], cancellationToken);

    /// <summary>Sends a command and waits for its answer.</summary>
    /// <exception cref="RedisErrorException">The server refuses it.</exception>
    /// <exception cref="IOException">No answer came; the command may have been carried out.</exception>
    public async Task<RespValue> AskAsync(IReadOnlyList<ReadOnlyMemory<byte>> words, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await SendAsync(words, either.Token);
            return await ReadAsync(either.Token);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"no answer came within {_timeout.TotalSeconds:0.#} s", late);
        }
        catch (SocketException broken)
        {
            throw new IOException(broken.Message, broken);
        }
    }

    /// <summary>Waits for what the server says by itself.</summary>
    public async Task<RespValue> ReadAsync(CancellationToken cancellationToken)
    {
        var value = await _reader.ReadAsync(cancellationToken);
        return value.Error is { } error ? throw new RedisErrorException(error) : value;
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async Task SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> words, CancellationToken cancellationToken)
    {
        using var frame = new MemoryStream(64 + words.Sum(word => word.Length + 16));
        Say($"*{words.Count}\r\n");
        foreach (var word in words)
        {
            Say($"${word.Length}\r\n");
            frame.Write(word.Span);
            frame.Write("\r\n"u8);
        }

        await _stream.WriteAsync(frame.GetBuffer().AsMemory(0, (int)frame.Length), cancellationToken);

        void Say(FormattableString text) => frame.Write(Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture)));
    }

    private static SslClientAuthenticationOptions Security(RedisAddress address)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = address.Host };
        if (address.AuthorityFile is not { } file) return options;
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(file);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new IOException($"the certificates in {file} cannot be read: {unreadable.Message}", unreadable);
        }

        options.CertificateChainPolicy = policy;
        return options;
    }
}

/// <summary>The server understood a command and refuses it; nothing was done.</summary>
internal sealed class RedisErrorException(string message) : Exception(message)
{
    /// <summary>The word that tells programs which error it is, as <c>OOM</c>.</summary>
    public string Code => Message.Split(' ', 2)[0];
}
