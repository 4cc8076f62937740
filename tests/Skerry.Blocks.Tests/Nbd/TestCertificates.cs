using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Skerry.Blocks.Tests.Nbd;

/// <summary>An authority made for one test, and what it signs; also as the folder of PEM files that libnbd and QEMU want.</summary>
internal sealed class TestCertificates
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1", ClientUse = "1.3.6.1.5.5.7.3.2";

    public TestCertificates(string name)
    {
        CertificateRequest request = Request($"CN={name}", out ECDsa key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        Authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        key.Dispose();
    }

    public X509Certificate2 Authority { get; }

    public static X509Certificate2 SelfSigned(string subject)
    {
        using X509Certificate2 made = Request(subject, out ECDsa key).CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        key.Dispose();
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    public X509Certificate2 ForServer() => Sign("CN=localhost", ServerUse);

    public X509Certificate2 ForClient(string subject) => Sign(subject, ClientUse);

    public void Write(string folder, X509Certificate2? client = null)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "ca-cert.pem"), Authority.ExportCertificatePem());
        if (client is not null)
        {
            File.WriteAllText(Path.Combine(folder, "client-cert.pem"), client.ExportCertificatePem());
            using ECDsa key = client.GetECDsaPrivateKey()!;
            File.WriteAllText(Path.Combine(folder, "client-key.pem"), key.ExportPkcs8PrivateKeyPem());
        }
    }

    private static CertificateRequest Request(string subject, out ECDsa key)
    {
        key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
    }

    private X509Certificate2 Sign(string subject, string use)
    {
        CertificateRequest request = Request(subject, out ECDsa key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 signed = request.Create(
            Authority, DateTimeOffset.UtcNow.AddMinutes(-30), DateTimeOffset.UtcNow.AddHours(12), RandomNumberGenerator.GetBytes(16));
        using X509Certificate2 whole = signed.CopyWithPrivateKey(key);
        key.Dispose();
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }
}
