using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Skerry.Cli.Settings;

/// <summary>Whose certificates are believed.</summary>
/// <param name="CaCertFile">PEM file of certificates to trust in place of the system's; null for the system's.</param>
/// <param name="Verify">False believes anybody, as <c>verify: false</c> in clouds.yaml says.</param>
internal sealed record Trust(string? CaCertFile, bool Verify)
{
    public static TimeSpan ConnectTime { get; } = TimeSpan.FromSeconds(10);

    public HttpMessageHandler CreateHandler()
    {
        var handler = new SocketsHttpHandler { ConnectTimeout = ConnectTime, UseCookies = false, AllowAutoRedirect = false };
        if (!Verify)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        }
        else if (CaCertFile is { } file)
        {
            var roots = Load(file);
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                certificate is X509Certificate2 leaf && IsTrusted(leaf, errors, roots);
        }

        return handler;
    }

    /// <summary>The name must fit as ever; only the question who vouches for the certificate is answered by the file.</summary>
    internal static bool IsTrusted(X509Certificate2 leaf, SslPolicyErrors errors, X509Certificate2Collection roots)
    {
        if ((errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        // A site's certificate has no revocation list: it is removed from the cloud's state instead.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(leaf);
    }

    private static X509Certificate2Collection Load(string file)
    {
        try
        {
            var roots = new X509Certificate2Collection();
            roots.ImportFromPemFile(file);
            return roots.Count > 0 ? roots : throw new UsageException($"{file} holds no certificate.", "Give a PEM file as OS_CACERT or cacert.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new UsageException($"The certificates in {file} cannot be read: {e.Message}", "Correct OS_CACERT or cacert in clouds.yaml.");
        }
    }
}
