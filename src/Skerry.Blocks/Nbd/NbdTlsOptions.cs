using System.Security.Cryptography.X509Certificates;

namespace Skerry.Blocks.Nbd;

/// <summary>How the server encrypts (NBD_OPT_STARTTLS, "nbds://"), and which clients it takes for whom they say they are.</summary>
/// <remarks>
/// TLS 1.2 and 1.3, without renegotiation. Clients' certificates are asked for when there is something to check them against. One
/// that is shown and does not pass ends the connection, also where none was required.
/// </remarks>
public sealed class NbdTlsOptions
{
    /// <summary>With its private key.</summary>
    public required X509Certificate2 Certificate { get; init; }

    /// <summary>Sent after the certificate, so that a client that has only the root can follow the chain.</summary>
    public X509Certificate2Collection Intermediates { get; init; } = [];

    /// <summary>Nothing is said in the clear but the way into TLS. Default false: TLS is offered.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Roots that clients' certificates may chain to. Revocation is not looked up: take a client's grants away instead.</summary>
    public X509Certificate2Collection ClientAuthorities { get; init; } = [];

    /// <summary>SHA-256 of clients' certificates (DER, lower-case hexadecimal) that are good by themselves, also self-signed.</summary>
    public IReadOnlySet<string> ClientPins { get; init; } = new HashSet<string>();

    /// <summary>A client without a certificate is turned away. Needs authorities or pins.</summary>
    public bool RequiresClientCertificate { get; init; }

    internal bool AsksForClientCertificate => ClientAuthorities.Count > 0 || ClientPins.Count > 0;

    internal IEnumerable<string> Mistakes()
    {
        if (!Certificate.HasPrivateKey)
        {
            yield return $"{nameof(Certificate)} has no private key";
        }

        if (RequiresClientCertificate && !AsksForClientCertificate)
        {
            yield return $"{nameof(RequiresClientCertificate)} needs {nameof(ClientAuthorities)} or {nameof(ClientPins)}";
        }

        if (RequiresClientCertificate && !IsRequired)
        {
            yield return $"{nameof(RequiresClientCertificate)} needs {nameof(IsRequired)}: whoever stays without TLS shows no certificate";
        }
    }
}
