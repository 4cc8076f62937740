using System.Text.Json;

namespace Skerry.Demo.Steps;

public static class JoinStep
{
    public static async Task RunAsync(Story story, CancellationToken cancellationToken)
    {
        var stage = story.Stage;
        await StartJoinedAsync(stage, cancellationToken);
        story.Say($"north, south and hub run: {string.Join(", ", stage.Sites.Select(s => $"{s.Name} at {s.Api} (process {s.Daemon.ProcessId})"))}");
        story.Prove("sites join by one-time invitations that pin both certificates", "3 sites, 3 links, all connected as seen by each");

        var token = await InviteAsync(stage.Hub, "127.0.0.1:1", cancellationToken);
        var twice = await stage.South.SkerryAsync(cancellationToken, "site", "join", token[..^6] + "AAAAAA");
        Story.Require(twice.ExitCode != 0, "a forged invitation was accepted");
        story.Prove("a forged invitation is refused", twice.Errors.Trim().Split('\n')[0]);
    }

    /// <summary>Starts the three sites and joins them to one cloud, with every link of north over the stage's wires.</summary>
    public static async Task StartJoinedAsync(Stage stage, CancellationToken cancellationToken)
    {
        foreach (var site in stage.Sites)
        {
            site.WriteConfiguration();
        }

        await Task.WhenAll(stage.Sites.Select(s => s.StartAsync(cancellationToken)));

        // Each wire of north is a relay of the demo's, so each link gets the addresses that its two ends must dial.
        await LinkAsync(stage.Hub, stage.HubAsSeenByNorth.EndPoint.ToString(), stage.North, stage.NorthAsSeenByHub.EndPoint.ToString(), cancellationToken);
        await LinkAsync(stage.Hub, $"127.0.0.1:{stage.Hub.SyncPort}", stage.South, $"127.0.0.1:{stage.South.SyncPort}", cancellationToken);
        await LinkAsync(stage.South, stage.SouthAsSeenByNorth.EndPoint.ToString(), stage.North, stage.NorthAsSeenBySouth.EndPoint.ToString(), cancellationToken);

        foreach (var site in stage.Sites)
        {
            await AllConnectedAsync(site, cancellationToken);
        }
    }

    public static Task AllConnectedAsync(DemoSite site, CancellationToken cancellationToken) =>
        Eventually.TrueAsync($"{site.Name} sees all sites connected", TimeSpan.FromSeconds(30), async () =>
        {
            var sites = (await site.JsonAsync(cancellationToken, "site", "list")).EnumerateArray().ToList();
            return sites.Count == 3 && sites.All(s => IsSelf(s) || s.GetProperty("state").GetString() == "connected");
        }, cancellationToken);

    private static bool IsSelf(JsonElement site) => site.GetProperty("is_self").GetBoolean();

    private static async Task<string> InviteAsync(DemoSite inviter, string address, CancellationToken cancellationToken)
    {
        var invitation = await inviter.JsonAsync(cancellationToken, "site", "invite", "--address", address);
        return invitation.GetProperty("token").GetString()!;
    }

    private static async Task LinkAsync(
        DemoSite inviter, string inviterAddress, DemoSite joiner, string joinerAddress, CancellationToken cancellationToken)
    {
        var token = await InviteAsync(inviter, inviterAddress, cancellationToken);
        (await joiner.SkerryAsync(cancellationToken, "site", "join", token, "--advertise", joinerAddress)).Require();
    }
}
