using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Skerry.Blocks.Nbd;

/// <summary>What all connections share of TLS: the certificate, the rules, and who a client's certificate is.</summary>
internal sealed class TlsServer
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly NbdTlsOptions _options;

    public TlsServer(NbdTlsOptions options)
    {
        _options = options;
        Authentication = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(options.Certificate, options.Intermediates, offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = options.AsksForClientCertificate,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => Accepts(certificate),
            AllowRenegotiation = false,
        };
    }

    public SslServerAuthenticationOptions Authentication { get; }

    public bool IsRequired => _options.IsRequired;

    public static NbdClientCertificate? Describe(X509Certificate? shown)
    {
        if (shown is null)
        {
            return null;
        }

        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(shown.GetRawCertData());
        string commonName = certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .FirstOrDefault(part => !part.HasMultipleElements && part.GetSingleElementType().Value == "2.5.4.3")?.GetSingleElementValue() ?? "";
        return new(commonName, certificate.SubjectName.Name, Fingerprint(certificate));
    }

    private static string Fingerprint(X509Certificate certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.GetRawCertData()));

    private bool Accepts(X509Certificate? shown)
    {
        if (shown is null)
        {
            return !_options.RequiresClientCertificate;
        }

        if (_options.ClientPins.Contains(Fingerprint(shown)))
        {
            return true;
        }

        if (_options.ClientAuthorities.Count == 0)
        {
            return false;
        }

        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(shown.GetRawCertData());
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_options.ClientAuthorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return chain.Build(certificate);
    }
}
