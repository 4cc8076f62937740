using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Skerry.Demo;
using Skerry.TestKit.Processes;

namespace Skerry.EndToEnd;

/// <summary>
/// Two real daemons of one site on one Redis. They share the site's identity (id, certificate and key of tokens); each has its own data
/// directory, ports and disks.
/// </summary>
public sealed class SharedStoreTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_daemons_on_one_redis_follow_each_other_and_go_on_by_themselves_after_it_was_killed()
    {
        await using var stage = Stage.Open();
        await using var redis = await RedisServer.StartAsync();
        var ports = FreePort.Take(3);
        var first = stage.North;
        await using var second = new DemoSite(stage, "north-2", "edge", ports[0], ports[1], ports[2]);
        foreach (var daemon in new[] { first, second })
        {
            daemon.WriteConfiguration();
            var text = (await File.ReadAllTextAsync(daemon.ConfigurationPath, Cancellation))
                .Replace("= north-2\n", "= north\n", StringComparison.Ordinal)
                .Replace("[ssd]\nvolume_driver = native\n", $"[store]\nurl = redis://127.0.0.1:{redis.Port}\n", StringComparison.Ordinal);
            await File.WriteAllTextAsync(daemon.ConfigurationPath, text, Cancellation);
        }

        await first.StartAsync(Cancellation);
        Directory.CreateDirectory(second.DataDirectory);
        foreach (var identity in new[] { "site-id", "site.crt", "site.key", "token.key" })
        {
            File.Copy(Path.Combine(first.DataDirectory, identity), Path.Combine(second.DataDirectory, identity));
        }

        await second.StartAsync(Cancellation);
        using var http = new HttpClient { Timeout = Patience };
        http.DefaultRequestHeaders.Add("X-Auth-Token", await TokenAsync(http, first, stage.AdminPassword));

        // A token of one is good at the other, and what one writes the other shows without writing anything.
        for (var i = 0; i < 20; i++) Assert.Equal(HttpStatusCode.Created, await CreateAsync(http, i % 2 == 0 ? first : second, $"p{i}"));
        await ShowsAsync(http, first, "p19");
        await ShowsAsync(http, second, "p18");

        await redis.KillAsync();
        foreach (var daemon in new[] { first, second })
        {
            await Eventually.TrueAsync("readiness says that the store is away", Patience, async () =>
            {
                using var ready = await http.GetAsync(new Uri(daemon.Api, "/readyz"), Cancellation);
                return ready.StatusCode == HttpStatusCode.ServiceUnavailable
                    && (await ready.Content.ReadAsStringAsync(Cancellation)).Contains("takes no changes", StringComparison.Ordinal);
            }, Cancellation);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await CreateAsync(http, daemon, "refused"));
            await ShowsAsync(http, daemon, "p19");
        }

        await Eventually.TrueAsync("an alert names the store", Patience, async () =>
            (await http.GetStringAsync(new Uri(first.Api, "/skerry/v1/alerts"), Cancellation)).Contains("store.away", StringComparison.Ordinal), Cancellation);
        await redis.StartAsync();
        foreach (var daemon in new[] { first, second })
        {
            await Eventually.TrueAsync("the site is ready again by itself", Patience, async () =>
            {
                using var ready = await http.GetAsync(new Uri(daemon.Api, "/readyz"), Cancellation);
                return ready.IsSuccessStatusCode;
            }, Cancellation);
        }

        Assert.Equal(HttpStatusCode.Created, await CreateAsync(http, second, "after"));
        await ShowsAsync(http, first, "after");
        Assert.DoesNotContain("refused", await ProjectsAsync(http, first));
    }

    private static async Task<string> TokenAsync(HttpClient http, DemoSite site, string password)
    {
        var body = new
        {
            auth = new
            {
                identity = new { methods = new[] { "password" }, password = new { user = new { name = "admin", domain = new { id = "default" }, password } } },
                scope = new { project = new { name = "admin", domain = new { id = "default" } } },
            },
        };
        using var answer = await http.PostAsJsonAsync(new Uri(site.Api, "/identity/v3/auth/tokens"), body, Cancellation);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
        return answer.Headers.GetValues("X-Subject-Token").Single();
    }

    private static async Task<HttpStatusCode> CreateAsync(HttpClient http, DemoSite site, string name)
    {
        using var answer = await http.PostAsJsonAsync(new Uri(site.Api, "/identity/v3/projects"), new { project = new { name } }, Cancellation);
        return answer.StatusCode;
    }

    private static async Task<List<string>> ProjectsAsync(HttpClient http, DemoSite site)
    {
        var projects = await http.GetFromJsonAsync<JsonElement>(new Uri(site.Api, "/identity/v3/projects"), Cancellation);
        return [.. projects.GetProperty("projects").EnumerateArray().Select(p => p.GetProperty("name").GetString()!)];
    }

    private static Task ShowsAsync(HttpClient http, DemoSite site, string name) => Eventually.TrueAsync(
        $"{name} shows at {site.Name}", Patience, async () => (await ProjectsAsync(http, site)).Contains(name), Cancellation);
}
