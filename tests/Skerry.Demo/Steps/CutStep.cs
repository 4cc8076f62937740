using System.Text.Json;

namespace Skerry.Demo.Steps;

internal static class CutStep
{
    public static async Task RunAsync(Story story, CancellationToken cancellationToken)
    {
        var (stage, north, south) = (story.Stage, story.Stage.North, story.Stage.South);
        stage.CutNorth();
        story.Say("the wires of north are cut");

        if (story.Mounted is not null)
        {
            await FileWriter.WriteManyAsync(story, "cut-off", 40, cancellationToken);
            story.Prove("the volume takes writes at a site that is cut off", "40 files written and synced");
        }

        (await north.SkerryAsync(cancellationToken, "user", "create", "nurse-north", "--password", "n0rth-secret")).Require();
        (await south.SkerryAsync(cancellationToken, "user", "create", "nurse-south", "--password", "s0uth-secret")).Require();
        (await north.SkerryAsync(cancellationToken, "volume", "create", "made-north", "--size", "1", "--site", "north", "--wait")).Require();
        (await south.SkerryAsync(cancellationToken, "volume", "create", "made-south", "--size", "1", "--site", "south", "--wait")).Require();
        (await north.SkerryAsync(cancellationToken, "volume", "set", "made-north", "--name", "renamed-north")).Require();
        (await south.SkerryAsync(cancellationToken, "volume", "set", "made-south", "--name", "renamed-south")).Require();
        (await north.SkerryAsync(cancellationToken, "volume", "set", story.VolumeId, "--name", "disk-as-north-calls-it")).Require();
        (await south.SkerryAsync(cancellationToken, "volume", "set", story.VolumeId, "--name", "disk-as-south-calls-it")).Require();
        var ordered = await north.JsonAsync(cancellationToken, "volume", "create", "ordered", "--size", "1", "--site", "south");
        var orderedId = ordered.GetProperty("id").GetString()!;
        var waiting = await StatusAsync(north, orderedId, cancellationToken);
        Story.Require(waiting == "creating", $"the volume ordered at south is '{waiting}', though south cannot be reached");
        Story.Require(await StatusAsync(south, orderedId, cancellationToken) is null, "south knows of an order that cannot have reached it");
        story.Prove("every site goes on while cut off", "users and volumes made and renamed at both; an order for south waits at north");

        await Eventually.TrueAsync("hub notices that north is away", TimeSpan.FromSeconds(20), async () =>
            (await SiteAsync(stage.Hub, "north", cancellationToken)).GetProperty("state").GetString() == "autonomous", cancellationToken);

        stage.HealNorth();
        story.Say("the wires are whole again");
        var volumes = "";
        await Eventually.TrueAsync("all sites show the same", TimeSpan.FromSeconds(60), async () =>
        {
            var views = new List<string>();
            foreach (var site in stage.Sites)
            {
                views.Add(await PictureAsync(site, cancellationToken));
            }

            volumes = views[0];
            return views.Distinct().Count() == 1 && await StatusAsync(north, orderedId, cancellationToken) == "available";
        }, cancellationToken);
        story.Prove("sites converge after the links heal", "north, south and hub list the same volumes and users, name for name");
        story.Prove("an order given while cut off is carried out", $"'ordered' is available at south; operation {await OperationAsync(north, orderedId, cancellationToken)}");

        var conflicts = await stage.Hub.JsonAsync(cancellationToken, "conflict", "list");
        var conflict = conflicts.EnumerateArray().FirstOrDefault(c => c.GetProperty("entity_id").GetString() == story.VolumeId);
        Story.Require(conflict.ValueKind == JsonValueKind.Object, $"the two names of the volume are no conflict: {conflicts}");
        var winner = conflict.GetProperty("winner").GetProperty("value").ToString();
        var loser = conflict.GetProperty("losers")[0];
        Story.Require(volumes.Contains(winner, StringComparison.Ordinal), $"the winning name {winner} is not the one that is shown");
        story.Prove("nothing is lost in silence", $"'{winner}' stands; conflict list keeps '{loser.GetProperty("value")}' of {loser.GetProperty("author")} at {loser.GetProperty("site")}");
        await ReplicateStep.FollowsAsync(story, north, cancellationToken);
        story.Say("the replica has caught up");
    }

    public static async Task<JsonElement> SiteAsync(DemoSite asked, string name, CancellationToken cancellationToken) =>
        (await asked.JsonAsync(cancellationToken, "site", "list")).EnumerateArray().Single(s => s.GetProperty("name").GetString() == name);

    /// <summary>Null when the site knows of no such volume.</summary>
    private static async Task<string?> StatusAsync(DemoSite site, string volume, CancellationToken cancellationToken)
    {
        var run = (await site.SkerryAsync(cancellationToken, "volume", "show", volume, "-f", "json")).Require(0, 3);
        return run.ExitCode == 3 ? null : JsonDocument.Parse(run.Output).RootElement.GetProperty("status").GetString();
    }

    private static async Task<string> OperationAsync(DemoSite site, string volume, CancellationToken cancellationToken) =>
        (await site.JsonAsync(cancellationToken, "operation", "list")).EnumerateArray()
            .Where(o => o.GetProperty("entity_id").GetString() == volume)
            .Select(o => $"{o.GetProperty("kind").GetString()} {o.GetProperty("status").GetString()}").First();

    /// <summary>What a person sees of the cloud at a site, in one string that must be the same everywhere.</summary>
    private static async Task<string> PictureAsync(DemoSite site, CancellationToken cancellationToken)
    {
        var volumes = (await site.JsonAsync(cancellationToken, "volume", "list")).EnumerateArray()
            .Select(v => $"{v.GetProperty("id").GetString()} {v.GetProperty("name").GetString()} {v.GetProperty("status").GetString()}");
        var users = (await site.JsonAsync(cancellationToken, "user", "list")).EnumerateArray().Select(u => u.GetProperty("name").GetString()!);
        return string.Join('\n', volumes.Order(StringComparer.Ordinal).Concat(users.Order(StringComparer.Ordinal)));
    }
}
