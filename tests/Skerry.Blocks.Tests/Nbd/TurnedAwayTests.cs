using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Skerry.Blocks.Tests.Nbd;

/// <summary>Whoever is turned away learns little; the server's owner learns who it was and why.</summary>
public sealed class TurnedAwayTests
{
    private const uint Go = 7, Structured = 8, ErrPolicy = 0x80000002;

    private readonly TestCertificates _site = new("the site");
    private readonly TestCertificates _clients = new("the clients");

    [Fact]
    public async Task A_certificate_that_does_not_pass_is_told_with_its_subject_and_the_reason()
    {
        TestCertificates others = new("others");
        using X509Certificate2 foreign = others.ForClient("CN=mallory");
        using X509Certificate2 good = _clients.ForClient("CN=alice");
        await using Served served = await ServeTls();
        foreach (X509Certificate2? shown in (X509Certificate2?[])[foreign, null])
        {
            using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
            try
            {
                client.StartTls(_site.Authority, shown);
                client.Option(Structured, []);
            }
            catch (Exception e) when (e is AuthenticationException or IOException or SocketException || e.Message.Contains("the server closed", StringComparison.Ordinal))
            {
                // Turned away, as it should be.
            }
        }

        await Told(served, null, "CN=mallory", "authorities for clients");
        await Told(served, null, "it showed no certificate");
        using RawClient known = RawClient.Greet(served.Server.LocalEndPoint);
        known.StartTls(_site.Authority, good);
        Assert.Equal(RawClient.ErrUnknown, known.Option(Go, RawClient.Info("secret"))[^1].Kind);
        await Told(served, null, "it named no export", "alice");
        Assert.DoesNotContain(served.TurnedAway, told => told.Reason.Contains("secret", StringComparison.Ordinal));
        known.Enter(Served.ExportName);
        Assert.Equal(3, served.TurnedAway.Count);
    }

    [Fact]
    public async Task Plain_talk_where_tls_is_required_is_told_once_for_a_connection()
    {
        await using Served served = await ServeTls();
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
        client.Option(Structured, []);
        client.Option(Structured, []);
        await Told(served, null, "TLS");
        Assert.Single(served.TurnedAway);
    }

    [Fact]
    public async Task Nonsense_stalling_idling_and_one_connection_too_many_are_told()
    {
        await using Served served = await Served.Start(
            new MemoryDevice(1 << 20),
            o => new()
            {
                EndPoint = o.EndPoint,
                OnFault = o.OnFault,
                OnTurnedAway = o.OnTurnedAway,
                MaxConnections = 2,
                MaxConnectionsPerExport = 1,
                IdleTimeout = TimeSpan.FromSeconds(1.5),
                HandshakeTimeout = TimeSpan.FromMilliseconds(500),
            });
        using (TcpClient browser = new())
        {
            await browser.ConnectAsync((IPEndPoint)served.Server.LocalEndPoint, TestContext.Current.CancellationToken);
            await browser.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), TestContext.Current.CancellationToken);
            await Told(served, null, "it does not speak NBD");
        }

        await served.Eventually(() => served.Server.Connections.Count == 0, "the browser is gone");
        using RawClient first = served.Connect();
        using RawClient second = RawClient.Greet(served.Server.LocalEndPoint);
        Assert.Equal(ErrPolicy, second.Option(Go, RawClient.Info(Served.ExportName))[^1].Kind);
        await Told(served, "volume-1", "one more than the 1 connections");
        using (TcpClient third = new())
        {
            await third.ConnectAsync((IPEndPoint)served.Server.LocalEndPoint, TestContext.Current.CancellationToken);
            await Told(served, null, "one more than the 2 connections");
        }

        await Told(served, null, "handshake within 0.5 s");
        await Told(served, "volume-1", "it was idle");
    }

    private static Task Told(Served served, string? label, params string[] words) => served.Eventually(
        () => served.TurnedAway.Any(told => told.Label == label && told.Remote is not null && words.All(word => told.Reason.Contains(word, StringComparison.Ordinal))),
        $"told: {string.Join(", ", words)}");

    private Task<Served> ServeTls() => Served.Start(
        new MemoryDevice(1 << 20),
        o => new()
        {
            EndPoint = o.EndPoint,
            OnFault = o.OnFault,
            OnTurnedAway = o.OnTurnedAway,
            Tls = new() { Certificate = _site.ForServer(), IsRequired = true, ClientAuthorities = [_clients.Authority], RequiresClientCertificate = true },
        });
}
