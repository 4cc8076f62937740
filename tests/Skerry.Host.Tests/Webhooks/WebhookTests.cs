using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Skerry.Domain.Events;
using Skerry.Host.Telemetry;
using Skerry.Host.Webhooks;
using Skerry.TestKit.Processes;

namespace Skerry.Host.Tests.Webhooks;

/// <summary>The real sender against a real HTTP server, which is there, is not, and answers as servers do.</summary>
public sealed class WebhookTests
{
    private static readonly byte[] Secret = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly byte[] OldSecret = [.. Enumerable.Range(100, 24).Select(i => (byte)i)];

    [Fact]
    public async Task Events_are_posted_in_order_and_signed_with_each_secret()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var site = await EventfulSite.StartAsync();
        await using var loops = await site.SendAsync(Endpoint(receiver.Port) with { Secrets = [Secret, OldSecret] });
        await SettledAsync(site, "ops");
        await site.HappenAsync(20);
        await UntilAsync(() => receiver.Deliveries.Count == 20);
        Assert.Equal(site.Journal.List().Select(e => e.Id), receiver.Deliveries.Select(d => d.Id));
        foreach (var (delivery, told) in receiver.Deliveries.Zip(site.Journal.List()))
        {
            Assert.Equal(("POST /skerry", "application/json"), (delivery.Path, delivery.ContentType));
            Assert.Equal([Sign(Secret, delivery), Sign(OldSecret, delivery)], delivery.Signature.Split(' '));
            var sent = DateTimeOffset.FromUnixTimeSeconds(long.Parse(delivery.Timestamp, CultureInfo.InvariantCulture));
            Assert.InRange(sent, told.At.AddSeconds(-1), DateTimeOffset.UtcNow);
            Assert.Equal((1, EventKinds.Promoted, 0), (delivery.Json.GetProperty("version").GetInt32(), delivery.Json.GetProperty("type").GetString(), delivery.Json.GetProperty("lost_at_most").GetInt32()));
            Assert.Equal(
                (told.Id, told.Sequence, told.VolumeId, "north", "forced"),
                (delivery.Data.GetProperty("id").GetString(), delivery.Data.GetProperty("sequence").GetInt64(), delivery.Data.GetProperty("volume_id").GetString(),
                    delivery.Data.GetProperty("site").GetString(), delivery.Data.GetProperty("cause").GetString()));
        }
    }

    [Fact]
    public async Task A_receiver_that_was_down_is_told_of_everything_when_it_is_back()
    {
        var port = FreePort.Take(1)[0];
        await using var site = await EventfulSite.StartAsync();
        await using var loops = await site.SendAsync(Endpoint(port));
        await SettledAsync(site, "ops");
        await site.HappenAsync(5);
        await UntilAsync(() => site.Said.Any(s => s.Contains("cannot be reached", StringComparison.Ordinal)));
        await using (var receiver = await Receiver.StartAsync(port))
        {
            await UntilAsync(() => receiver.Deliveries.Count == 5);
            Assert.Equal(site.Journal.List().Select(e => e.Id), receiver.Deliveries.Select(d => d.Id));
        }

        await site.HappenAsync(3);
        await using var again = await Receiver.StartAsync(port);
        await UntilAsync(() => again.Deliveries.Count == 3);
        Assert.Equal(site.Journal.List(6).Select(e => e.Id), again.Deliveries.Select(d => d.Id));
        Assert.Contains(site.Said, s => s.Contains("told of events again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_refused_is_sent_again_with_the_same_id_and_nothing_overtakes_it()
    {
        await using var receiver = await Receiver.StartAsync();
        var refusals = new Queue<int>([500, 302, 404, 429]);
        receiver.Answer = (delivery, response) =>
        {
            response.Headers.Location = "/elsewhere";
            return Task.FromResult(delivery.Data.GetProperty("sequence").GetInt64() == 2 && refusals.TryDequeue(out var status) ? status : 200);
        };
        using var page = new PrometheusPage();
        await using var site = await EventfulSite.StartAsync();
        await using var loops = await site.SendAsync(Endpoint(receiver.Port));
        await SettledAsync(site, "ops");
        await site.HappenAsync(3);
        await UntilAsync(() => receiver.Deliveries.Count == 7);
        Assert.Equal([1, 2, 2, 2, 2, 2, 3], receiver.Deliveries.Select(d => d.Data.GetProperty("sequence").GetInt32()));
        Assert.Single(receiver.Deliveries.Skip(1).Take(5).Select(d => (d.Id, d.Body)).Distinct());
        Assert.All(receiver.Deliveries, d => Assert.Equal("POST /skerry", d.Path));
        Assert.All(receiver.Deliveries, d => Assert.Equal(Sign(Secret, d), d.Signature));
        await UntilAsync(() => page.Render().Contains("skerry_webhook_deliveries_total{endpoint=\"ops\",result=\"taken\"} 3", StringComparison.Ordinal));
        Assert.Contains("skerry_webhook_deliveries_total{endpoint=\"ops\",result=\"rejected\"} 4\n", page.Render(), StringComparison.Ordinal);
        await UntilAsync(() => page.Render().Contains("skerry_webhook_waiting{endpoint=\"ops\"} 0\n", StringComparison.Ordinal));
        Assert.Contains("skerry_webhook_lost_total{endpoint=\"ops\"} 0\n", page.Render(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restart_goes_on_where_it_was_and_a_kill_before_the_place_was_kept_sends_the_same_id_again()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var site = await EventfulSite.StartAsync();
        var down = false;
        receiver.Answer = (_, _) => Task.FromResult(Volatile.Read(ref down) ? 503 : 200);
        await using (await site.SendAsync(Endpoint(receiver.Port)))
        {
            await SettledAsync(site, "ops");
            await site.HappenAsync(2);
            await UntilAsync(() => receiver.Deliveries.Count == 2 && NextOf(site, "ops") == 3);
            Volatile.Write(ref down, true);
            await site.HappenAsync(2);
            await UntilAsync(() => receiver.Deliveries.Count > 3);
        }

        // While the daemon is down more happened elsewhere, and the place is as the kill left it.
        var before = File.ReadAllText(PlaceOf(site, "ops"));
        site.ReopenJournal();
        await site.HappenAsync(1);
        Volatile.Write(ref down, false);
        var told = receiver.Deliveries.Count;
        await using (await site.SendAsync(Endpoint(receiver.Port)))
        {
            await UntilAsync(() => receiver.Deliveries.Count == told + 3 && NextOf(site, "ops") == 6);
            Assert.Equal([3, 4, 5], receiver.Deliveries.Skip(told).Select(d => d.Data.GetProperty("sequence").GetInt32()));
        }

        File.WriteAllText(PlaceOf(site, "ops"), before);
        await using (await site.SendAsync(Endpoint(receiver.Port)))
        {
            await UntilAsync(() => receiver.Deliveries.Count == told + 6);
            Assert.Equal(receiver.Deliveries.Skip(told).Take(3).Select(d => (d.Id, d.Body)), receiver.Deliveries.Skip(told + 3).Select(d => (d.Id, d.Body)));
        }
    }

    [Fact]
    public async Task When_the_queue_is_full_the_oldest_go_and_the_next_delivery_the_log_and_a_metric_say_so()
    {
        await using var receiver = await Receiver.StartAsync();
        var down = true;
        receiver.Answer = (_, _) => Task.FromResult(Volatile.Read(ref down) ? 503 : 200);
        using var page = new PrometheusPage();
        await using var site = await EventfulSite.StartAsync(kept: 5);
        await using var loops = await site.SendAsync(Endpoint(receiver.Port));
        await SettledAsync(site, "ops");
        await site.HappenAsync(1);
        await UntilAsync(() => receiver.Deliveries.Count > 0);
        await site.HappenAsync(11);
        await UntilAsync(() => receiver.Deliveries[^1].Data.GetProperty("sequence").GetInt32() == 8);
        Volatile.Write(ref down, false);
        await UntilAsync(() => NextOf(site, "ops") == 13);
        var taken = receiver.Deliveries.TakeLast(5).ToList();
        Assert.Equal([8, 9, 10, 11, 12], taken.Select(d => d.Data.GetProperty("sequence").GetInt32()));
        Assert.Equal([7, 0, 0, 0, 0], taken.Select(d => d.Json.GetProperty("lost_at_most").GetInt32()));
        Assert.Contains(site.Said, s => s.Contains("missed", StringComparison.Ordinal) && s.Contains("events at most", StringComparison.Ordinal));
        Assert.Contains("skerry_webhook_lost_total{endpoint=\"ops\"} 7\n", page.Render(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_endpoint_is_told_what_it_wants_from_when_it_was_added_on()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var site = await EventfulSite.StartAsync();
        await site.HappenAsync(3);
        var all = Endpoint(receiver.Port);
        var demoted = all with { Name = "demoted", Url = new Uri($"http://127.0.0.1:{receiver.Port}/demoted"), Kinds = new HashSet<string> { EventKinds.Demoted } };
        await using (await site.SendAsync(all, demoted))
        {
            await SettledAsync(site, "ops");
            await SettledAsync(site, "demoted");
            await site.HappenAsync(1);
            await site.HappenAsync(1, isPromoted: false);
            await site.HappenAsync(1);
            await UntilAsync(() => NextOf(site, "ops") == 7 && NextOf(site, "demoted") == 7);
        }

        Assert.Equal([4, 5, 6], receiver.Deliveries.Where(d => d.Path == "POST /skerry").Select(d => d.Data.GetProperty("sequence").GetInt32()));
        Assert.Equal([5], receiver.Deliveries.Where(d => d.Path == "POST /demoted").Select(d => d.Data.GetProperty("sequence").GetInt32()));

        // One that is taken out of the configuration, and later put in again, is new.
        await (await site.SendAsync(all)).DisposeAsync();
        Assert.Equal(["ops.json"], Directory.EnumerateFiles(site.PlacesDirectory).Select(Path.GetFileName));
    }

    [Fact]
    public async Task An_endpoint_that_is_gone_is_told_nothing_more_and_others_are()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = (delivery, _) => Task.FromResult(delivery.Path == "POST /gone" ? 410 : 200);
        using var page = new PrometheusPage();
        await using var site = await EventfulSite.StartAsync();
        var other = Endpoint(receiver.Port);
        await using (await site.SendAsync(other with { Name = "gone", Url = new Uri($"http://127.0.0.1:{receiver.Port}/gone") }, other))
        {
            await SettledAsync(site, "ops");
            await SettledAsync(site, "gone");
            await site.HappenAsync(4);
            await UntilAsync(() => NextOf(site, "ops") == 5 && page.Render().Contains("skerry_webhook_stopped{endpoint=\"gone\"} 1", StringComparison.Ordinal));
            Assert.Contains("skerry_webhook_waiting{endpoint=\"gone\"} 4", page.Render(), StringComparison.Ordinal);
            Assert.Single(receiver.Deliveries, d => d.Path == "POST /gone");
            Assert.Contains(site.Said, s => s.Contains("answered 410", StringComparison.Ordinal));
        }

        // The start of a daemon asks it once more, and loses nothing.
        receiver.Answer = (_, _) => Task.FromResult(200);
        await using (await site.SendAsync(other with { Name = "gone" }))
        {
            await UntilAsync(() => NextOf(site, "gone") == 5);
        }
    }

    [Fact]
    public async Task An_answer_that_does_not_come_is_given_up_and_a_stop_does_not_wait_for_one()
    {
        await using var receiver = await Receiver.StartAsync();
        var held = new TaskCompletionSource<int>();
        var isHeld = true;
        receiver.Answer = (_, _) => Volatile.Read(ref isHeld) ? held.Task : Task.FromResult(200);
        await using var site = await EventfulSite.StartAsync();
        await using (await site.SendAsync(Endpoint(receiver.Port) with { Timeout = TimeSpan.FromMilliseconds(200) }))
        {
            await SettledAsync(site, "ops");
            await site.HappenAsync(1);
            await UntilAsync(() => site.Said.Any(s => s.Contains("does not answer within 0.2 s", StringComparison.Ordinal)));
            Volatile.Write(ref isHeld, false);
            await UntilAsync(() => NextOf(site, "ops") == 2);
        }

        Volatile.Write(ref isHeld, true);
        await site.HappenAsync(1);
        var loops = await site.SendAsync(Endpoint(receiver.Port) with { Timeout = TimeSpan.FromHours(1) });
        var told = receiver.Deliveries.Count;
        await UntilAsync(() => receiver.Deliveries.Count > told);
        await loops.StopAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await loops.DisposeAsync();
        Assert.Equal(2, NextOf(site, "ops"));
        held.SetResult(200);
    }

    [Fact]
    public async Task A_server_whose_certificate_nobody_vouches_for_is_told_nothing()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var receiver = await Receiver.StartAsync(certificate: certificate);
        await using var site = await EventfulSite.StartAsync();
        await using var loops = await site.SendAsync(Endpoint(receiver.Port) with { Url = new Uri($"https://localhost:{receiver.Port}/skerry?token=hidden") });
        await SettledAsync(site, "ops");
        await site.HappenAsync(1);
        await UntilAsync(() => site.Said.Any(s => s.Contains("certificate", StringComparison.Ordinal)));
        Assert.Empty(receiver.Deliveries);
        Assert.DoesNotContain(site.Said, s => s.Contains("hidden", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_journal_that_was_begun_anew_is_told_whole()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var site = await EventfulSite.StartAsync();
        await site.HappenAsync(3);
        Directory.CreateDirectory(site.PlacesDirectory);
        new WebhookPlace(1, "another journal", 500, 0).Write(PlaceOf(site, "ops"));
        await using var loops = await site.SendAsync(Endpoint(receiver.Port));
        await UntilAsync(() => receiver.Deliveries.Count == 3);
    }

    /// <summary>A known answer of the specification's own libraries.</summary>
    [Fact]
    public void The_signature_is_the_one_of_Standard_Webhooks()
    {
        var message = new WebhookMessage("msg_p5jXN8AQM9LWM0D4loKWxJek", Encoding.UTF8.GetBytes("{\"test\": 2432232314}"));
        Assert.Equal(
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            message.Signature(Convert.FromBase64String("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "1614265330"));
    }

    [Fact]
    public void A_body_is_as_it_was_frozen()
    {
        var told = new SiteEvent(EventKinds.Promoted, "Volume data became primary at site south in generation 2, by force; before that site north was.")
        {
            Id = "7d444840-9dc0-8d11-b245-5ffdce74fad2",
            Sequence = 41,
            At = new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero),
            VolumeId = "volume-1",
            VolumeName = "data",
            Generation = 2,
            Cause = RoleCauses.Forced,
            FromSite = "north",
            ToSite = "south",
            ForkNumber = 17,
        };
        var frozen = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "webhook-1.json")).TrimEnd();
        Assert.Equal(frozen, Encoding.UTF8.GetString(WebhookMessage.Of(told, "south", 3).Body));
        var place = WebhookPlace.Read(Path.Combine(AppContext.BaseDirectory, "Fixtures", "webhook-place-1.json"));
        Assert.Equal(new WebhookPlace(1, "0f8fad5b-d9cb-469f-a165-70867728950e", 42, 3), place);
    }

    private static WebhookEndpoint Endpoint(int port) => new(
        "ops", new Uri($"http://127.0.0.1:{port}/skerry"), [Secret], new HashSet<string>(EventKinds.All), TimeSpan.FromSeconds(20));

    /// <summary>As the specification has it, by hand.</summary>
    private static string Sign(byte[] secret, Delivery delivery) =>
        "v1," + Convert.ToBase64String(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"{delivery.Id}.{delivery.Timestamp}.{delivery.Body}")));

    private static string PlaceOf(EventfulSite site, string endpoint) => Path.Combine(site.PlacesDirectory, $"{endpoint}.json");

    private static long? NextOf(EventfulSite site, string endpoint) => WebhookPlace.Read(PlaceOf(site, endpoint))?.Next;

    /// <summary>A new endpoint has chosen where to begin.</summary>
    private static Task SettledAsync(EventfulSite site, string endpoint) => UntilAsync(() => NextOf(site, endpoint) is not null);

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
