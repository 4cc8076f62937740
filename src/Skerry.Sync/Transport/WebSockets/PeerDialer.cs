using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Skerry.State.Clocks;

namespace Skerry.Sync.Transport.WebSockets;

/// <summary>Why another site could not be reached; the message names it, what went wrong and what to do.</summary>
public sealed class PeerUnreachableException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>
/// Opens WebSockets to other sites over TLS 1.3. This end presents its certificate; the other end must present the pinned one. Names
/// and dates in certificates are not asked: the pin is the identity.
/// </summary>
/// <param name="certificate">This site's; stays the caller's.</param>
/// <param name="pins">Whom to believe, and where they are.</param>
/// <param name="timeout">For opening one connection, greeting excluded.</param>
public sealed class PeerDialer(SiteCertificate certificate, PinTable pins, TimeSpan timeout)
{
    /// <summary>Opens a WebSocket to a path of the site's sync listener. The caller owns it.</summary>
    /// <exception cref="PeerUnreachableException">No known address, no answer, or another certificate.</exception>
    public async ValueTask<WebSocket> ConnectAsync(SiteId site, string path, CancellationToken cancellationToken)
    {
        var target = pins.Find(site)
            ?? throw new PeerUnreachableException($"Site {site} is not a member of this cloud, as far as this site knows.");
        if (target.Address is null)
        {
            throw new PeerUnreachableException(
                $"No address is known for site {target.Name}; give one with: skerry site connect {target.Name} --address HOST:PORT");
        }

        var (socket, _) = await DialAsync(target.Address, path, target.Accepts, cancellationToken);
        return socket;
    }

    /// <summary>Opens a WebSocket to whichever member of the cloud answers at the address.</summary>
    /// <exception cref="PeerUnreachableException">No answer, or a certificate that no member has.</exception>
    public async ValueTask<(WebSocket Socket, PeerTarget Peer)> ConnectToMemberAsync(
        string address, string path, CancellationToken cancellationToken)
    {
        var (socket, pin) = await DialAsync(address, path, pin => pins.FindByPin(pin) is not null, cancellationToken);
        if (pins.FindByPin(pin) is { } peer)
        {
            return (socket, peer);
        }

        socket.Dispose();
        throw new PeerUnreachableException($"The site at {address} ceased to be a member while it was dialled.");
    }

    private async ValueTask<(WebSocket Socket, string Pin)> DialAsync(
        string address, string path, Predicate<string> accepts, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        string? seen = null;
        using var invoker = new HttpMessageInvoker(Gathering(Handler(certificate, timeout, pin =>
        {
            seen = pin;
            return accepts(pin);
        })));
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.KeepAliveInterval = TimeSpan.Zero;
            socket.Options.CollectHttpResponseDetails = true;
            await socket.ConnectAsync(new Uri($"wss://{address}{path}"), invoker, limit.Token);
            return (socket, seen!);
        }
        catch (Exception failure)
        {
            var status = socket.HttpStatusCode;
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw Explain(address, path, seen, seen is not null && !accepts(seen), status, failure);
        }
    }

    /// <summary>For one connection: what blocks of volumes need, and nothing else is harmed by.</summary>
    private static SocketsHttpHandler Gathering(SocketsHttpHandler handler)
    {
        GatheredSends? sends = null;
        handler.ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return (sends = new GatheredSends(socket)).Below;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        };
        handler.PlaintextStreamFilter = (context, _) => ValueTask.FromResult(sends!.Above(context.PlaintextStream));
        return handler;
    }

    internal static SocketsHttpHandler Handler(SiteCertificate certificate, TimeSpan timeout, Predicate<string> accepts) => new()
    {
        ConnectTimeout = timeout,
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = System.Net.DecompressionMethods.None,
        SslOptions = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificates = [certificate.Certificate],
            LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate.Certificate,
            RemoteCertificateValidationCallback = (_, presented, _, _) =>
                presented is X509Certificate2 remote && accepts(SiteCertificate.PinOf(remote)),
        },
    };

    internal static PeerUnreachableException Explain(
        string address, string path, string? seenPin, bool isForeign, System.Net.HttpStatusCode? status, Exception failure)
    {
        if (isForeign)
        {
            return new PeerUnreachableException(
                $"The certificate at {address} has the fingerprint {seenPin}, which is not the one of the site that should be there; " +
                "check the address, and whether that site was set up anew.",
                failure);
        }

        if (status is { } code && code != 0)
        {
            return new PeerUnreachableException(
                (int)code == 403
                    ? $"The site at {address} does not accept this site's certificate for {path}; its log says which fingerprint it saw."
                    : $"The site at {address} answered {path} with HTTP status {(int)code}.",
                failure);
        }

        var reason = failure is OperationCanceledException ? "it did not answer in time" : Innermost(failure).Message;
        return new PeerUnreachableException($"The site at {address} cannot be reached: {reason}.", failure);
    }

    private static Exception Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception;
    }
}
