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
    private readonly SslStreamCertificateContext _certificate;

    public TlsServer(NbdTlsOptions options)
    {
        _options = options;
        _certificate = SslStreamCertificateContext.Create(options.Certificate, options.Intermediates, offline: true);
    }

    public bool IsRequired => _options.IsRequired;

    /// <summary>For one handshake.</summary>
    /// <param name="onRefusal">Told why the client's certificate, or the lack of one, does not pass.</param>
    public SslServerAuthenticationOptions Authentication(Action<string> onRefusal) => new()
    {
        ServerCertificateContext = _certificate,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ClientCertificateRequired = _options.AsksForClientCertificate,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = (_, shown, _, _) =>
        {
            string? refusal = WhyRefused(shown);
            if (refusal is not null)
            {
                onRefusal(refusal);
            }

            return refusal is null;
        },
        AllowRenegotiation = false,
    };

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

    private string? WhyRefused(X509Certificate? shown)
    {
        if (shown is null)
        {
            return _options.RequiresClientCertificate ? "it showed no certificate, and one is required" : null;
        }

        string fingerprint = Fingerprint(shown);
        if (_options.ClientPins.Contains(fingerprint))
        {
            return null;
        }

        string named = $"its certificate ({shown.Subject}, SHA-256 {fingerprint})";
        if (_options.ClientAuthorities.Count == 0)
        {
            return $"{named} is not among those pinned";
        }

        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(shown.GetRawCertData());
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_options.ClientAuthorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return chain.Build(certificate)
            ? null
            : $"{named} is not pinned, and no good one of the authorities for clients: {string.Join(", ", chain.ChainStatus.Select(problem => problem.Status).Distinct())}";
    }
}
