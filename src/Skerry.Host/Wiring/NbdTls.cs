using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skerry.Blocks.Nbd;
using Skerry.Host.Configuration;
using Skerry.Sync.Transport;

namespace Skerry.Host.Wiring;

/// <summary>Reads the certificates that the configuration names for serving volumes.</summary>
internal static class NbdTls
{
    /// <summary>Null when TLS is off.</summary>
    /// <exception cref="StartException">A file cannot be read, or holds no certificate, or no key that fits.</exception>
    public static NbdTlsOptions? Load(NbdConfiguration nbd, SiteCertificate own)
    {
        if (nbd.Tls == NbdTlsMode.Off)
        {
            return null;
        }

        var chain = nbd.CertificateFile is { } file ? Read("nbd_tls_certificate", file, () => Import(file)) : null;
        return new NbdTlsOptions
        {
            Certificate = nbd.CertificateFile is { } certificate
                ? Read("nbd_tls_certificate", certificate, () => WithKey(certificate, nbd.KeyFile!))
                : own.Certificate,
            Intermediates = chain is null ? [] : [.. chain.Skip(1)],
            IsRequired = nbd.Tls == NbdTlsMode.Require,
            ClientAuthorities = nbd.ClientAuthorityFile is { } authority ? Read("nbd_tls_client_ca", authority, () => Import(authority)) : [],
            ClientPins = nbd.ClientPins.ToHashSet(StringComparer.Ordinal),
            RequiresClientCertificate = nbd.RequiresClientCertificate,
        };
    }

    private static X509Certificate2Collection Import(string file)
    {
        X509Certificate2Collection certificates = [];
        certificates.ImportFromPemFile(file);
        return certificates.Count > 0 ? certificates : throw new CryptographicException("it holds no certificate");
    }

    private static X509Certificate2 WithKey(string certificateFile, string keyFile) => X509Certificate2.CreateFromPemFile(certificateFile, keyFile);

    private static T Read<T>(string setting, string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new StartException($"{setting} = {file} cannot be used: {e.Message}. Give a PEM file, and the key that belongs to it.", e);
        }
    }
}
