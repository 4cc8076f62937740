using System.Net;

namespace Skerry.Blocks.Nbd;

/// <summary>What one connection looked like when it was asked for.</summary>
/// <param name="Id">Unique within this server's life.</param>
/// <param name="Remote">The client's address; a UNIX socket's client has none to tell apart.</param>
/// <param name="Export">The export's label, never its secret name; null while handshaking.</param>
/// <param name="Since">When it was accepted.</param>
/// <param name="BytesIn">Received, headers included.</param>
/// <param name="BytesOut">Sent, headers included.</param>
/// <param name="LastActivity">When something was last received or sent.</param>
public sealed record NbdConnectionInfo(
    long Id, EndPoint Remote, string? Export, DateTimeOffset Since, long BytesIn, long BytesOut, DateTimeOffset LastActivity);
