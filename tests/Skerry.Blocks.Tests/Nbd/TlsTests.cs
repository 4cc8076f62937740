using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Skerry.Blocks.Nbd;

namespace Skerry.Blocks.Tests.Nbd;

public sealed class TlsTests : IDisposable
{
    private const int Mebi = 1 << 20;
    private const uint ExportName = 1, Abort = 2, List = 3, StartTls = 5, Info = 6, Go = 7, Structured = 8, SetContexts = 10;

    private readonly string _folder = Directory.CreateTempSubdirectory("skerry-nbd-tls").FullName;
    private readonly TestCertificates _site = new("the site");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Where_tls_is_offered_a_client_may_take_it_or_leave_it()
    {
        await using Served served = await Serve(new MemoryDevice(Mebi));
        using RawClient plain = served.Connect();
        Assert.Equal(0u, plain.Do(RawClient.Write, 0, 4096, payload: TransmissionTests.Bytes(4096, 1)).Error);
        Assert.False(served.LastPeer!.IsEncrypted);

        using RawClient secret = RawClient.Greet(served.Server.LocalEndPoint);
        secret.StartTls(_site.Authority);
        secret.Enter("disk");
        Assert.Equal(TransmissionTests.Bytes(4096, 1), secret.Do(RawClient.Read, 0, 4096).Content(0, 4096));
        Assert.Equal((true, null), (served.LastPeer!.IsEncrypted, served.LastPeer!.Certificate));
    }

    [Fact]
    public async Task Where_tls_is_required_nothing_else_is_answered_before_it()
    {
        await using Served served = await Serve(new MemoryDevice(Mebi), isRequired: true);
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
        foreach (uint option in new[] { List, Info, Go, Structured, SetContexts, 4711u })
        {
            (uint kind, byte[] message) = Assert.Single(client.Option(option, RawClient.Info("disk")));
            Assert.Equal(RawClient.ErrTlsRequired, kind);
            Assert.Contains("nbds://", Encoding.UTF8.GetString(message), StringComparison.Ordinal);
        }

        Assert.Null(served.LastPeer);
        client.StartTls(_site.Authority);
        client.Enter("disk");
        Assert.Equal(0u, client.Do(RawClient.Flush, 0, 0).Error);

        using RawClient old = RawClient.Greet(served.Server.LocalEndPoint);
        old.Send([.. "IHAVEOPT"u8, .. RawClient.Big(ExportName), .. RawClient.Big(4u), .. "disk"u8]);
        Assert.True(old.IsClosedByServer());
        using RawClient leaving = RawClient.Greet(served.Server.LocalEndPoint);
        Assert.Equal(RawClient.RepAck, Assert.Single(leaving.Option(Abort, [])).Kind);
    }

    [Fact]
    public async Task What_was_agreed_in_the_clear_is_forgotten_and_tls_starts_once()
    {
        await using Served served = await Serve(new MemoryDevice(Mebi));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
        Assert.Equal(RawClient.ErrInvalid, Assert.Single(client.Option(StartTls, [1])).Kind);
        client.Option(Structured, []);
        client.Option(SetContexts, RawClient.Contexts("disk", "base:allocation"));
        client.Option(Info, RawClient.Info("disk"));
        Assert.Equal(1, served.Leases);

        client.StartTls(_site.Authority);

        await served.Eventually(() => served.Leases == 0, "the lease is dropped");
        Assert.Equal(RawClient.ErrInvalid, Assert.Single(client.Option(StartTls, [])).Kind);
        Assert.Equal(RawClient.ErrInvalid, client.Option(SetContexts, RawClient.Contexts("disk", "base:allocation"))[^1].Kind);
        client.Enter("disk", structured: false);
        Assert.True(client.Do(RawClient.Read, 0, 4096).IsSimple);
        Assert.Equal(22u, client.Do(RawClient.BlockStatus, 0, 4096).Error);
    }

    [Fact]
    public async Task Bytes_put_between_starttls_and_the_handshake_end_the_connection()
    {
        await using Served served = await Serve(new MemoryDevice(Mebi));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
        client.Send([.. "IHAVEOPT"u8, .. RawClient.Big(StartTls), .. RawClient.Big(0u), .. "IHAVEOPT"u8, .. RawClient.Big(Structured), .. RawClient.Big(0u)]);
        client.Receive(20);

        // A TLS alert may come first.
        await served.Eventually(() => served.Server.Connections.Count == 0, "the connection ends");
        Assert.Empty(served.Faults);
    }

    [Fact]
    public async Task Nonsense_in_place_of_a_tls_handshake_ends_the_connection_and_nothing_else()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        Random random = new(seed);
        await using Served served = await Serve(new MemoryDevice(Mebi), isRequired: true);
        for (int round = 0; round < 200; round++)
        {
            using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
            client.Option(StartTls, []);
            byte[] nonsense = new byte[random.Next(1, 2000)];
            random.NextBytes(nonsense);
            if (round % 2 == 0)
            {
                // As far as the header a handshake record, so that the rest is looked at too.
                new byte[] { 22, 3, 1, (byte)((nonsense.Length - 5) >> 8), (byte)(nonsense.Length - 5), 1 }.AsSpan(0, Math.Min(6, nonsense.Length)).CopyTo(nonsense);
            }

            client.Send(nonsense);
        }

        await served.Eventually(() => served.Server.Connections.Count == 0, "all are gone");
        Assert.Empty(served.Faults);
        using RawClient good = RawClient.Greet(served.Server.LocalEndPoint);
        good.StartTls(_site.Authority);
        good.Enter("disk");
        Assert.Equal(0u, good.Do(RawClient.Flush, 0, 0).Error);
    }

    [Fact]
    public async Task A_client_that_stalls_its_tls_handshake_is_closed()
    {
        await using Served served = await Serve(new MemoryDevice(Mebi), handshake: TimeSpan.FromMilliseconds(300));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
        client.Option(StartTls, []);

        await served.Eventually(() => served.Server.Connections.Count == 0, "the connection ends");
        Assert.True(client.IsClosedByServer());
    }

    [Fact]
    public async Task A_client_is_known_by_a_certificate_of_the_authority_or_by_a_pin()
    {
        TestCertificates clients = new("the clients");
        using X509Certificate2 signed = clients.ForClient("CN=host-7, O=Example");
        using X509Certificate2 pinned = TestCertificates.SelfSigned("CN=lone");
        string pin = Convert.ToHexStringLower(SHA256.HashData(pinned.RawData));
        await using Served served = await Serve(new MemoryDevice(Mebi), isRequired: true, [clients.Authority], [pin], requiresClient: true);

        foreach ((X509Certificate2 certificate, string name) in new[] { (signed, "host-7"), (pinned, "lone") })
        {
            using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
            client.StartTls(_site.Authority, certificate);
            client.Enter("disk");
            Assert.Equal(0u, client.Do(RawClient.Flush, 0, 0).Error);
            Assert.Equal(
                new NbdClientCertificate(name, certificate.SubjectName.Name, Convert.ToHexStringLower(SHA256.HashData(certificate.RawData))),
                served.LastPeer!.Certificate);
        }
    }

    [Fact]
    public async Task A_client_without_a_good_certificate_is_turned_away_where_one_is_required()
    {
        TestCertificates clients = new("the clients");
        TestCertificates others = new("the clients");
        using X509Certificate2 foreign = others.ForClient("CN=host-7");
        using X509Certificate2 lone = TestCertificates.SelfSigned("CN=host-7");
        using X509Certificate2 wrongUse = clients.ForServer();
        await using Served served = await Serve(new MemoryDevice(Mebi), isRequired: true, [clients.Authority], requiresClient: true);

        foreach (X509Certificate2? certificate in new[] { null, foreign, lone, wrongUse })
        {
            using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
            Assert.True(IsTurnedAway(client, certificate), certificate?.Subject ?? "no certificate");
        }

        Assert.Null(served.LastPeer);
        Assert.Empty(served.Faults);
        await served.Eventually(() => served.Server.Connections.Count == 0, "all are gone");
    }

    [Fact]
    public async Task Where_client_certificates_are_optional_none_is_fine_and_a_bad_one_is_not()
    {
        TestCertificates clients = new("the clients");
        using X509Certificate2 foreign = new TestCertificates("others").ForClient("CN=host-7");
        await using Served served = await Serve(new MemoryDevice(Mebi), clientAuthorities: [clients.Authority]);

        using RawClient anonymous = RawClient.Greet(served.Server.LocalEndPoint);
        anonymous.StartTls(_site.Authority);
        anonymous.Enter("disk");
        Assert.Null(served.LastPeer!.Certificate);

        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
        Assert.True(IsTurnedAway(client, foreign));
    }

    [Fact]
    public async Task Large_and_many_requests_go_through_tls_while_the_client_is_slow_to_read()
    {
        MemoryDevice device = new(16 * Mebi);
        await using Served served = await Serve(device);
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
        client.StartTls(_site.Authority);
        client.Enter("disk");
        byte[] data = TransmissionTests.Bytes(16 * Mebi, 3);
        Assert.Equal(0u, client.Do(RawClient.Write, 0, 16 * Mebi, payload: data).Error);

        for (ulong i = 0; i < 64; i++)
        {
            client.Ask(RawClient.Read, i, i * 4096, i % 8 == 0 ? (uint)Mebi : 4096u);
        }

        await Task.Delay(200);
        for (int i = 0; i < 64; i++)
        {
            RawReply reply = client.Next();
            int length = reply.Cookie % 8 == 0 ? Mebi : 4096;
            Assert.Equal(data.AsSpan((int)reply.Cookie * 4096, length).ToArray(), reply.Content((long)reply.Cookie * 4096, length));
        }

        client.Ask(RawClient.Disconnect, 1, 0, 0);
        Assert.True(client.IsClosedByServer());
        await served.Eventually(() => served.Leases == 0 && served.Server.Connections.Count == 0, "nothing is left");
        Assert.Empty(served.Faults);
    }

    [Fact]
    public async Task A_tls_client_that_does_not_read_is_cut_off_at_stop()
    {
        MemoryDevice device = new(4 * Mebi);
        await using Served served = await Serve(device);
        using RawClient deaf = RawClient.Greet(served.Server.LocalEndPoint);
        deaf.StartTls(_site.Authority);
        deaf.Enter("disk");
        for (ulong i = 0; i < 30; i++)
        {
            deaf.Ask(RawClient.Read, i, 0, 4 * Mebi, RawClient.DontFragment);
        }

        await Task.Delay(100);
        await served.Server.StopAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, served.Leases);
    }

    [Fact]
    public async Task Real_clients_speak_tls_to_it_over_tcp_and_over_a_unix_socket()
    {
        using X509Certificate2 host = _site.ForClient("CN=host-7");
        string certificates = Path.Combine(_folder, "pki");
        _site.Write(certificates, host);
        MemoryDevice device = new(8 * Mebi);
        await using Served served = await Serve(device, isRequired: true, [_site.Authority], requiresClient: true);
        string uri = $"nbds://localhost:{served.Address.Port}/disk?tls-certificates={certificates}";

        using JsonDocument info = JsonDocument.Parse(await ClientProgram.Run("nbdinfo", "--json", uri));
        Assert.True(info.RootElement.GetProperty("TLS").GetBoolean());
        Assert.Equal("host-7", served.LastPeer!.Certificate!.CommonName);
        string source = Path.Combine(_folder, "source");
        await File.WriteAllBytesAsync(source, TransmissionTests.Bytes(8 * Mebi, 5));
        await ClientProgram.Run("nbdcopy", "--flush", source, uri);
        Assert.Equal(TransmissionTests.Bytes(8 * Mebi, 5), device.Content(0, 8 * Mebi));
        await ClientProgram.Run("nbdcopy", uri, Path.Combine(_folder, "copy"));
        Assert.Equal(TransmissionTests.Bytes(8 * Mebi, 5), await File.ReadAllBytesAsync(Path.Combine(_folder, "copy")));

        await ClientProgram.Run(
            "qemu-img", "compare", "--object", $"tls-creds-x509,id=tls0,endpoint=client,dir={certificates}", "--image-opts",
            $"driver=raw,file.driver=file,file.filename={source}", $"driver=nbd,server.type=inet,server.host=localhost,server.port={served.Address.Port},export=disk,tls-creds=tls0");
        (int exitCode, _, string errors) = await ClientProgram.Try("qemu-img", "info", "-f", "raw", $"nbd://127.0.0.1:{served.Address.Port}/disk");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("TLS", errors, StringComparison.OrdinalIgnoreCase);

        string socket = Path.Combine(_folder, "nbd.sock");
        await using Served local = await Serve(device, isRequired: true, endPoint: new UnixDomainSocketEndPoint(socket));
        string size = await ClientProgram.Run("nbdinfo", "--size", $"nbds+unix:///disk?socket={socket}&tls-certificates={certificates}&tls-hostname=localhost&tls-verify-peer=1");
        Assert.Equal("8388608", size.Trim());
    }

    [Fact]
    public void Mistaken_options_are_named()
    {
        using X509Certificate2 full = _site.ForServer();
        using X509Certificate2 bare = X509CertificateLoader.LoadCertificate(full.RawData);
        ArgumentException mistake = Assert.Throws<ArgumentException>(() => new NbdServer(
            new() { EndPoint = new UnixDomainSocketEndPoint("x"), Tls = new() { Certificate = bare, RequiresClientCertificate = true } }, null!, TimeProvider.System));
        Assert.Contains("private key", mistake.Message, StringComparison.Ordinal);
        Assert.Contains("ClientAuthorities", mistake.Message, StringComparison.Ordinal);
        Assert.Contains("IsRequired", mistake.Message, StringComparison.Ordinal);
    }

    private bool IsTurnedAway(RawClient client, X509Certificate2? certificate)
    {
        try
        {
            // In TLS 1.3 the client has shaken hands before the server judges its certificate.
            client.StartTls(_site.Authority, certificate);
            client.Option(Structured, []);
            return false;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or SocketException || e.Message.Contains("the server closed", StringComparison.Ordinal))
        {
            return true;
        }
    }

    private Task<Served> Serve(
        IBlockDevice device,
        bool isRequired = false,
        X509Certificate2Collection? clientAuthorities = null,
        string[]? pins = null,
        bool requiresClient = false,
        TimeSpan? handshake = null,
        System.Net.EndPoint? endPoint = null) => Served.Start(
            device,
            o => new()
            {
                EndPoint = o.EndPoint,
                OnFault = o.OnFault,
                HandshakeTimeout = handshake ?? o.HandshakeTimeout,
                DrainTimeout = TimeSpan.FromMilliseconds(500),
                Tls = new()
                {
                    Certificate = _site.ForServer(),
                    IsRequired = isRequired,
                    ClientAuthorities = clientAuthorities ?? [],
                    ClientPins = (pins ?? []).ToHashSet(StringComparer.Ordinal),
                    RequiresClientCertificate = requiresClient,
                },
            },
            endPoint);
}
