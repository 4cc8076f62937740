using System.Text.Json;
using Skerry.Demo;
using Skerry.TestKit.Processes;

namespace Skerry.EndToEnd;

/// <summary>The stock <c>openstack</c> client, as it comes with Debian, against a real site.</summary>
public sealed class OpenStackClientTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_stock_client_issues_a_token_and_lives_through_a_volumes_life()
    {
        await using var stage = Stage.Open();
        stage.North.WriteConfiguration();
        await stage.North.StartAsync(Cancellation);

        var token = await OpenStackAsync(stage, "token", "issue");
        Assert.True(token.GetProperty("id").GetString()!.Length is > 20 and < 300);

        var volume = await OpenStackAsync(stage, "volume", "create", "--size", "1", "--description", "of a test", "vol-1");
        var id = volume.GetProperty("id").GetString()!;
        await AvailableAsync(stage, "volume", id);
        Assert.Contains(
            (await OpenStackAsync(stage, "volume", "list")).EnumerateArray(), v => v.GetProperty("Name").GetString() == "vol-1");

        (await RunAsync(stage, "volume", "set", "--size", "2", "--name", "vol-renamed", id)).Require();
        await AvailableAsync(stage, "volume", id);
        var shown = await OpenStackAsync(stage, "volume", "show", "vol-renamed");
        Assert.Equal(2, shown.GetProperty("size").GetInt32());

        var snapshot = await OpenStackAsync(stage, "volume", "snapshot", "create", "--volume", id, "snap-1");
        var snapshotId = snapshot.GetProperty("id").GetString()!;
        await AvailableAsync(stage, "volume snapshot", snapshotId);
        Assert.NotEqual(0, (await RunAsync(stage, "volume", "delete", id)).ExitCode);
        (await RunAsync(stage, "volume", "snapshot", "delete", snapshotId)).Require();
        await Eventually.TrueAsync("the snapshot is gone", TimeSpan.FromSeconds(20), async () =>
            (await OpenStackAsync(stage, "volume", "snapshot", "list")).GetArrayLength() == 0, Cancellation);
        (await RunAsync(stage, "volume", "delete", id)).Require();
        await Eventually.TrueAsync("the volume is gone", TimeSpan.FromSeconds(20), async () =>
            (await OpenStackAsync(stage, "volume", "list")).GetArrayLength() == 0, Cancellation);
    }

    private static Task AvailableAsync(Stage stage, string noun, string id) =>
        Eventually.TrueAsync($"{noun} {id} is available", TimeSpan.FromSeconds(20), async () =>
            (await OpenStackAsync(stage, [.. noun.Split(' '), "show", id])).GetProperty("status").GetString() == "available", Cancellation);

    private static async Task<JsonElement> OpenStackAsync(Stage stage, params string[] arguments)
    {
        var run = (await RunAsync(stage, [.. arguments, "-f", "json"])).Require();
        using var document = JsonDocument.Parse(run.Output);
        return document.RootElement.Clone();
    }

    private static Task<ProgramRun> RunAsync(Stage stage, params string[] arguments) => ProgramRun.RunAsync(
        "openstack", arguments, TimeSpan.FromSeconds(60), Cancellation, stage.North.Environment);
}
