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
/// <para><c>site.key</c> (PKCS #8, mode 0600) and <c>site.crt</c> (PEM) in the data directory. The key is made durable first, so that a
/// crash between the two leaves a key from which the certificate is made again at the next start. That key stays for good: keys of
/// volumes are wrapped for it.</para>
/// <para>A certificate that took its place is in <c>tls.pem</c>, and one that is to do so next in <c>tls-next.pem</c>: key and certificate in
/// one file, so that neither is ever there without the other. Certificates that are replaced are not disposed of: connections may still
/// be opening with them.</para>
/// </remarks>
public sealed class SiteCertificate : IDisposable
{
    private const string KeyFile = "site.key";
    private const string CertificateFile = "site.crt";
    private const string CurrentFile = "tls.pem";
    private const string NextFile = "tls-next.pem";

    private readonly Lock _lock = new();
    private readonly string? _directory;
    private readonly Func<ECDsa, X509Certificate2> _make;
    private volatile Presented _current;
    private X509Certificate2? _next;

    private SiteCertificate(
        X509Certificate2 first, X509Certificate2? current, X509Certificate2? next, string? directory, Func<ECDsa, X509Certificate2> make)
    {
        First = first;
        _current = new Presented(current ?? first);
        _next = next;
        _directory = directory;
        _make = make;
    }

    /// <summary>With the private key that the site was made with, which never changes; keys of volumes are wrapped for it.</summary>
    public X509Certificate2 First { get; }

    /// <summary>What the site proves itself with now, with its private key.</summary>
    public X509Certificate2 Certificate => _current.Certificate;

    /// <summary>SHA-256 of the certificate in DER, as 64 lower-case hex digits.</summary>
    public string Pin => _current.Pin;

    /// <summary>Without the private key; what the <c>site</c> entity carries.</summary>
    public string Pem => _current.Pem;

    /// <summary>The certificate that is to come, without its key; null when none is prepared.</summary>
    public string? NextPem
    {
        get
        {
            lock (_lock)
            {
                return _next?.ExportCertificatePem();
            }
        }
    }

    /// <summary>Makes the certificate that is to come, with a key of its own, unless there is one; durable when it returns.</summary>
    /// <returns>In PEM, without its key.</returns>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public string PrepareNext()
    {
        lock (_lock)
        {
            if (_next is null)
            {
                using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
                var made = _make(key);
                if (_directory is not null)
                {
                    DurableFile.Write(Path.Combine(_directory, NextFile), InOneFile(made));
                }

                _next = made;
            }

            return _next.ExportCertificatePem();
        }
    }

    /// <summary>Puts the next certificate in the place of the current one, durably, for every connection that is opened from now on.</summary>
    /// <exception cref="InvalidOperationException">None is prepared.</exception>
    /// <exception cref="IOException">The directory cannot be written; the current one stays.</exception>
    public void Promote()
    {
        lock (_lock)
        {
            var next = _next ?? throw new InvalidOperationException("No certificate is prepared to take the place of the current one.");
            if (_directory is not null)
            {
                DurableFile.Write(Path.Combine(_directory, CurrentFile), InOneFile(next));
                File.Delete(Path.Combine(_directory, NextFile));
            }

            _current = new Presented(next);
            _next = null;
        }
    }

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
        return new SiteCertificate(
            loaded.CopyWithPrivateKey(key), Load(dataDirectory, CurrentFile), Load(dataDirectory, NextFile), dataDirectory,
            fresh => Make(fresh, siteName, hosts, time.GetUtcNow()));
    }

    /// <summary>One that lives in memory alone, for tests and simulations.</summary>
    public static SiteCertificate CreateInMemory(string siteName, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        X509Certificate2 MakeWith(ECDsa fresh) => Make(fresh, siteName, [], time.GetUtcNow());
        return new SiteCertificate(MakeWith(key), null, null, null, MakeWith);
    }

    public void Dispose()
    {
        Certificate.Dispose();
        First.Dispose();
    }

    private static X509Certificate2? Load(string directory, string name)
    {
        var path = Path.Combine(directory, name);
        if (!File.Exists(path))
        {
            return null;
        }

        var text = File.ReadAllText(path);
        return X509Certificate2.CreateFromPem(text, text);
    }

    private static string InOneFile(X509Certificate2 certificate) =>
        $"{certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()}\n{certificate.ExportCertificatePem()}\n";

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

    private sealed class Presented(X509Certificate2 certificate)
    {
        public X509Certificate2 Certificate => certificate;

        public string Pin { get; } = PinOf(certificate);

        public string Pem { get; } = certificate.ExportCertificatePem();
    }
}
