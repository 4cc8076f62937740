using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skerry.Cli.Settings;

namespace Skerry.Cli.Tests;

/// <summary>Real TLS against a server that answers every request with an empty JSON object.</summary>
public sealed class TrustTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skerry-tls-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task The_sites_own_certificate_as_cacert_is_trusted()
    {
        using var certificate = Certificate("127.0.0.1");
        Assert.True(await IsTrustedAsync(certificate, new Trust(PemOf(certificate), Verify: true)));
    }

    [Fact]
    public async Task Another_certificate_is_not()
    {
        using var served = Certificate("127.0.0.1");
        using var pinned = Certificate("127.0.0.1");
        Assert.False(await IsTrustedAsync(served, new Trust(PemOf(pinned), Verify: true)));
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_not()
    {
        using var certificate = Certificate("127.0.0.9");
        Assert.False(await IsTrustedAsync(certificate, new Trust(PemOf(certificate), Verify: true)));
    }

    [Fact]
    public async Task Without_cacert_a_self_signed_certificate_is_not()
    {
        using var certificate = Certificate("127.0.0.1");
        Assert.False(await IsTrustedAsync(certificate, new Trust(null, Verify: true)));
    }

    [Fact]
    public async Task Without_verification_anybody_is()
    {
        using var certificate = Certificate("127.0.0.9");
        Assert.True(await IsTrustedAsync(certificate, new Trust(null, Verify: false)));
    }

    [Fact]
    public void A_cacert_that_is_missing_or_holds_none_is_a_usage_error()
    {
        Assert.Contains("cannot be read", Assert.Throws<UsageException>(() => new Trust("/nowhere/ca.pem", true).CreateHandler()).Message);
        var empty = Path.Combine(_directory, "empty.pem");
        File.WriteAllText(empty, "");
        Assert.Contains("no certificate", Assert.Throws<UsageException>(() => new Trust(empty, true).CreateHandler()).Message);
    }

    private static X509Certificate2 Certificate(string address)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=site", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        var now = DateTimeOffset.UtcNow;
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private string PemOf(X509Certificate2 certificate)
    {
        var file = Path.Combine(_directory, Guid.NewGuid().ToString("N") + ".pem");
        File.WriteAllText(file, certificate.ExportCertificatePem());
        return file;
    }

    private static async Task<bool> IsTrustedAsync(X509Certificate2 certificate, Trust trust)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, certificate);
        using var http = new HttpClient(trust.CreateHandler());
        try
        {
            var url = new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
            return await http.GetStringAsync(url) == "{}";
        }
        catch (HttpRequestException)
        {
            return false;
        }
        finally
        {
            await serving;
        }
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using var client = await listener.AcceptTcpClientAsync();
        await using var tls = new SslStream(client.GetStream());
        try
        {
            await tls.AuthenticateAsServerAsync(certificate);
            var request = new byte[4096];
            if (await tls.ReadAsync(request) > 0)
            {
                await tls.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"u8.ToArray());
            }
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            // The client did not trust it and went away.
        }
    }
}
