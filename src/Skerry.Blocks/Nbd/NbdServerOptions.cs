using System.Net;

namespace Skerry.Blocks.Nbd;

/// <summary>Where the server listens and what one client may cost it. Read once, at construction.</summary>
public sealed class NbdServerOptions
{
    /// <summary>
    /// An <see cref="IPEndPoint"/> (port 0 takes a free one) or a <see cref="System.Net.Sockets.UnixDomainSocketEndPoint"/>, whose
    /// file is made for its owner only and removed at stop. Without TLS, keep it on loopback or a trusted network.
    /// </summary>
    public required EndPoint EndPoint { get; init; }

    /// <summary>Further addresses of either kind to listen on at the same time. Default none.</summary>
    public IReadOnlyList<EndPoint> MoreEndPoints { get; init; } = [];

    /// <summary>Encryption, and clients' certificates; null for neither.</summary>
    public NbdTlsOptions? Tls { get; init; }

    /// <summary>Connections at once, handshaking ones included; one more is closed unanswered. Each holds a thread. Default 512.</summary>
    public int MaxConnections { get; init; } = 512;

    /// <summary>
    /// Connections in transmission of one export, told apart by label; one more is refused with NBD_REP_ERR_POLICY. Default 64.
    /// </summary>
    public int MaxConnectionsPerExport { get; init; } = 64;

    /// <summary>
    /// A client that sends nothing and waits for nothing for this long is closed, about a second late. Null, the default: never, as
    /// most clients hold a connection for as long as they have the disk.
    /// </summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>
    /// How long a TCP client's machine may leave unanswered what was sent to it, or its window shut, before it counts as gone. An idle
    /// one is asked after half of it. Default 60 seconds, at least 1.
    /// </summary>
    public TimeSpan UnansweredTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>From accept to the first request; a client that takes longer is closed. Default 10 seconds.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Requests of one connection between receipt and sent reply; further ones wait in the socket. Default 128, at least 1.
    /// </summary>
    public int MaxRequestsInFlight { get; init; } = 128;

    /// <summary>
    /// Payload of one connection held at once, in bytes; a request that is larger by itself is taken alone. Default 64 MiB.
    /// </summary>
    public long MaxBytesInFlight { get; init; } = 64L << 20;

    /// <summary>
    /// Payload above 64 KiB of all connections together held at once, in bytes; further requests wait their turn. A request that is
    /// larger by itself goes alone. Default 1 GiB.
    /// </summary>
    public long MaxBytesInFlightOfAll { get; init; } = 1L << 30;

    /// <summary>
    /// How long requests in flight may go on after their client has left or the server was told to stop, before they are
    /// cancelled. Default 5 seconds.
    /// </summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a connection's thread goes on asking for the next request before it sleeps; no time at all while that proves in vain.
    /// Costs processor time of a connection that is busy anyway, and halves the latency at depth 1 or better. Default 50 microseconds,
    /// at most 1 millisecond; zero sleeps at once. Without effect under TLS.
    /// </summary>
    public TimeSpan BusyWait { get; init; } = TimeSpan.FromMicroseconds(50);

    /// <summary>Told of every fault that was not the client's doing. Called from connection threads: must be quick and not throw.</summary>
    public Action<NbdFault>? OnFault { get; init; }

    /// <summary>
    /// Told of every client that was turned away or closed, and why; not of those that leave. Anybody who reaches the address can cause
    /// it. Called from connection threads: must be quick and not throw.
    /// </summary>
    public Action<NbdTurnedAway>? OnTurnedAway { get; init; }

    internal NbdServerOptions Validated()
    {
        List<string> mistakes = [.. Tls?.Mistakes() ?? []];
        if (MaxConnections < 1)
        {
            mistakes.Add($"{nameof(MaxConnections)} is {MaxConnections}; at least 1 is needed");
        }

        if (MaxConnectionsPerExport < 1)
        {
            mistakes.Add($"{nameof(MaxConnectionsPerExport)} is {MaxConnectionsPerExport}; at least 1 is needed");
        }

        if (IdleTimeout <= TimeSpan.Zero)
        {
            mistakes.Add($"{nameof(IdleTimeout)} is {IdleTimeout}; it must be above zero, or null for none");
        }

        if (UnansweredTimeout < TimeSpan.FromSeconds(1) || UnansweredTimeout > TimeSpan.FromHours(24))
        {
            mistakes.Add($"{nameof(UnansweredTimeout)} is {UnansweredTimeout}; it must be between a second and a day");
        }

        if (MaxBytesInFlightOfAll < 1)
        {
            mistakes.Add($"{nameof(MaxBytesInFlightOfAll)} is {MaxBytesInFlightOfAll}; at least 1 is needed");
        }

        if (HandshakeTimeout <= TimeSpan.Zero)
        {
            mistakes.Add($"{nameof(HandshakeTimeout)} is {HandshakeTimeout}; it must be above zero");
        }

        if (MaxRequestsInFlight < 1)
        {
            mistakes.Add($"{nameof(MaxRequestsInFlight)} is {MaxRequestsInFlight}; at least 1 is needed");
        }

        if (MaxBytesInFlight < 1)
        {
            mistakes.Add($"{nameof(MaxBytesInFlight)} is {MaxBytesInFlight}; at least 1 is needed");
        }

        if (DrainTimeout < TimeSpan.Zero)
        {
            mistakes.Add($"{nameof(DrainTimeout)} is {DrainTimeout}; it must not be negative");
        }

        if (BusyWait < TimeSpan.Zero || BusyWait > TimeSpan.FromMilliseconds(1))
        {
            mistakes.Add($"{nameof(BusyWait)} is {BusyWait}; it must be from zero to 1 millisecond");
        }

        return mistakes.Count == 0 ? this : throw new ArgumentException($"NBD server: {string.Join("; ", mistakes)}.");
    }
}

/// <summary>A client that was not let in, or not let stay.</summary>
/// <param name="Remote">Where it came from; a UNIX socket's client has no address.</param>
/// <param name="Label">The export's label; null before one was chosen.</param>
/// <param name="Reason">For the server's owner, who may know more than the client was told; begins with "it" for the client.</param>
public sealed record NbdTurnedAway(EndPoint? Remote, string? Label, string Reason);

/// <summary>A fault behind an export, or in the server itself.</summary>
/// <param name="Remote">Whose connection met it; null for the listener.</param>
/// <param name="Label">The export's label; null before one was chosen.</param>
/// <param name="What">What was being done.</param>
/// <param name="Exception">What went wrong.</param>
public sealed record NbdFault(EndPoint? Remote, string? Label, string What, Exception Exception);
