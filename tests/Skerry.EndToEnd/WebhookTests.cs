using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Skerry.Demo;

namespace Skerry.EndToEnd;

/// <summary>Real daemons that tell a real server of what befell their volumes, over a kill.</summary>
public sealed class WebhookTests
{
    private const string Secret = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_demotion_is_noted_once_and_posted_over_a_kill()
    {
        await using var stage = Stage.Open();
        using var receiver = new HttpListener();
        var port = TestKit.Processes.FreePort.Take(1)[0];
        receiver.Prefixes.Add($"http://127.0.0.1:{port}/");
        stage.North.WriteConfiguration();
        await File.AppendAllTextAsync(
            stage.North.ConfigurationPath, $"\n[webhook ops]\nurl = http://127.0.0.1:{port}/events\nsecret = whsec_{Secret}\n", Cancellation);
        await stage.North.StartAsync(Cancellation);
        await stage.North.JsonAsync(Cancellation, "volume", "create", "data", "--size", "1", "--wait");
        (await stage.North.SkerryAsync(Cancellation, "volume", "demote", "data", "--wait")).Require();
        await Eventually.TrueAsync("the demotion is noted", TimeSpan.FromSeconds(30), async () => (await MetricsAsync(stage)).Contains(
            "skerry_role_changes_total{role=\"demoted\",cause=\"planned\"} 1", StringComparison.Ordinal), Cancellation);

        // Nobody listened yet; the daemon is killed, and goes on where it was.
        await stage.North.KillAsync();
        receiver.Start();
        await stage.North.StartAsync(Cancellation);
        var context = await receiver.GetContextAsync().WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        using var reader = new StreamReader(context.Request.InputStream);
        var body = await reader.ReadToEndAsync(Cancellation);
        var (id, timestamp) = (context.Request.Headers["webhook-id"], context.Request.Headers["webhook-timestamp"]);
        var signature = HMACSHA256.HashData(Convert.FromBase64String(Secret), Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}"));
        Assert.Equal($"v1,{Convert.ToBase64String(signature)}", context.Request.Headers["webhook-signature"]);
        context.Response.StatusCode = 204;
        context.Response.Close();
        var told = JsonDocument.Parse(body).RootElement;
        Assert.Equal("volume.demoted", told.GetProperty("type").GetString());
        Assert.Equal("data", told.GetProperty("data").GetProperty("volume_name").GetString());
        var listed = Assert.Single((await stage.North.JsonAsync(Cancellation, "event", "list")).EnumerateArray());
        Assert.Equal(id, listed.GetProperty("id").GetString());
        await Eventually.TrueAsync("the metrics say so", TimeSpan.FromSeconds(30), async () => (await MetricsAsync(stage)).Contains(
            "skerry_webhook_deliveries_total{endpoint=\"ops\",result=\"taken\"} 1", StringComparison.Ordinal), Cancellation);
    }

    private static async Task<string> MetricsAsync(Stage stage)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(new Uri(stage.North.Api, "/metrics"), Cancellation);
    }
}
