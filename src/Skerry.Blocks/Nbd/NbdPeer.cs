using System.Net;

namespace Skerry.Blocks.Nbd;

/// <summary>Who is at the other end of a connection, as far as it has shown.</summary>
/// <param name="Remote">The client's address; a UNIX socket's client has none to tell apart.</param>
/// <param name="IsEncrypted">True when all that is said goes through TLS.</param>
/// <param name="Certificate">What the client proved over TLS; null when it showed no certificate, or needed none.</param>
public sealed record NbdPeer(EndPoint Remote, bool IsEncrypted = false, NbdClientCertificate? Certificate = null);

/// <summary>A client's certificate, after it was checked against the server's authorities or pins.</summary>
/// <param name="CommonName">The CN of its subject; empty when it has none. It is this that authorisation names.</param>
/// <param name="Subject">The whole distinguished name, as RFC 2253 writes it.</param>
/// <param name="Sha256">Of the certificate's DER, in lower-case hexadecimal.</param>
public sealed record NbdClientCertificate(string CommonName, string Subject, string Sha256);
