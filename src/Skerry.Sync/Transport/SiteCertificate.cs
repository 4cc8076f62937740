using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skerry.State.Storage;

namespace Skerry.Sync.Transport;

/// <summary>
/// What a site proves itself with: a self-signed ECDSA P-256 certificate, made at the first start. Peers trust exactly this
/// certificate, by its SHA-256 (the pin); names, dates and authorities in it are not asked.
/// </summary>
/// <remarks>
/// <c>site.key</c> (PKCS #8, mode 0600) and <c>site.crt</c> (PEM) in the data directory. The key is made durable first, so that a
/// crash between the two leaves a key from which the certificate is made again at the next start.
/// </remarks>
public sealed class SiteCertificate : IDisposable
{
    private const string KeyFile = "site.key";
    private const string CertificateFile = "site.crt";

    private SiteCertificate(X509Certificate2 certificate)
    {
        Certificate = certificate;
        Pin = PinOf(certificate);
        Pem = certificate.ExportCertificatePem();
    }

    /// <summary>With its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>SHA-256 of the certificate in DER, as 64 lower-case hex digits.</summary>
    public string Pin { get; }

    /// <summary>Without the private key; what the <c>site</c> entity carries.</summary>
    public string Pem { get; }

    public static string PinOf(X509Certificate2 certificate) =>
        Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span));

    /// <summary>Reads the site's certificate from its data directory, or makes it there.</summary>
    /// <param name="dataDirectory">Must exist.</param>
    /// <param name="siteName">Becomes the subject; only people read it.</param>
    /// <param name="hosts">Names and addresses for clients of the API that check them; loopback is always among them.</param>
    /// <param name="time">Dates the certificate.</param>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    /// <exception cref="CryptographicException">The files are there but hold no matching key and certificate.</exception>
    public static SiteCertificate LoadOrCreate(
        string dataDirectory, string siteName, IReadOnlyCollection<string> hosts, TimeProvider time)
    {
        var keyPath = Path.Combine(dataDirectory, KeyFile);
        var certificatePath = Path.Combine(dataDirectory, CertificateFile);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(keyPath))
        {
            key.ImportFromPem(File.ReadAllText(keyPath));
        }
        else
        {
            DurableFile.Write(keyPath, key.ExportPkcs8PrivateKeyPem() + "\n");
        }

        if (!File.Exists(certificatePath))
        {
            using var made = Make(key, siteName, hosts, time.GetUtcNow());
            DurableFile.Write(
                certificatePath, made.ExportCertificatePem() + "\n", DurableFile.Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        using var loaded = X509Certificate2.CreateFromPem(File.ReadAllText(certificatePath));
        return new SiteCertificate(loaded.CopyWithPrivateKey(key));
    }

    /// <summary>One that lives in memory alone, for tests and simulations.</summary>
    public static SiteCertificate CreateInMemory(string siteName, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new SiteCertificate(Make(key, siteName, [], time.GetUtcNow()));
    }

    public void Dispose() => Certificate.Dispose();

    private static X509Certificate2 Make(ECDsa key, string siteName, IReadOnlyCollection<string> hosts, DateTimeOffset now)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(siteName.Length <= 64 ? siteName : siteName[..64]);
        subject.AddOrganizationName("Skerry site");
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);

        // Clients of the API get the certificate as their only authority, so it has to be allowed to sign itself.
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(AlternativeNames(hosts));

        // A day back: the first client may have a clock that is behind.
        return request.CreateSelfSigned(now.AddDays(-1), now.AddYears(20));
    }

    private static X509Extension AlternativeNames(IReadOnlyCollection<string> hosts)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts.Concat(["localhost", "127.0.0.1", "::1"]).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        return names.Build();
    }
}
