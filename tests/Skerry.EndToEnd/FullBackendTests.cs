using System.Text.Json;
using Skerry.Demo;
using Skerry.TestKit.Processes;

namespace Skerry.EndToEnd;

/// <summary>A backend fills up under a guest's disk: warned of before, no space for the client, room again after a delete.</summary>
public sealed class FullBackendTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_backend_that_fills_up_warns_then_refuses_and_goes_on_after_a_delete()
    {
        await using var stage = Stage.Open();
        stage.North.WriteConfiguration();
        await File.AppendAllTextAsync(stage.North.ConfigurationPath, "capacity_gib = 1\n", Cancellation);
        await stage.North.StartAsync(Cancellation);
        var volume = (await stage.North.JsonAsync(Cancellation, "volume", "create", "data", "--size", "1", "--wait")).GetProperty("id").GetString()!;
        var uri = (await stage.North.SkerryAsync(Cancellation, "volume", "connect", volume)).Require().Output.Trim();

        // Zeroes take no space, so each pass writes what is not zero; the snapshot keeps the first.
        Assert.Equal(0, (await WriteAsync(uri, 1, 350)).ExitCode);
        var snapshot = (await stage.North.JsonAsync(Cancellation, "snapshot", "create", "data", "kept", "--wait")).GetProperty("id").GetString()!;
        Assert.Equal("ample", (await BackendAsync(stage)).GetProperty("fullness").GetString());
        Assert.Equal(0, (await WriteAsync(uri, 2, 490)).ExitCode);
        await Eventually.TrueAsync("the site warns", TimeSpan.FromSeconds(20), async () =>
            (await BackendAsync(stage)).GetProperty("fullness").GetString()!.StartsWith("above_", StringComparison.Ordinal), Cancellation);
        Assert.Contains("% full", stage.North.Daemon.LogTail());

        var usage = await stage.North.JsonAsync(Cancellation, "volume", "usage", "data");
        Assert.Equal(350L << 20, usage.GetProperty("snapshots")[0].GetProperty("exclusive_bytes").GetInt64());
        Assert.Equal((350L + 490) << 20, usage.GetProperty("exclusive_bytes").GetInt64());
        Assert.Equal((490L << 20, 490L << 20, 0L), (Bytes(usage, "allocated_bytes"), Bytes(usage, "head_bytes"), Bytes(usage, "shared_bytes")));

        var refused = await WriteAsync(uri, 3, 1023);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("No space left on device", refused.Output + refused.Errors);
        await Eventually.TrueAsync("the site says that it is full", TimeSpan.FromSeconds(20), async () =>
            (await BackendAsync(stage)).GetProperty("fullness").GetString() == "full", Cancellation);
        Assert.Contains("writes of new data to its volumes fail", stage.North.Daemon.LogTail());

        (await stage.North.SkerryAsync(Cancellation, "snapshot", "delete", snapshot, "--wait")).Require();
        await Eventually.TrueAsync("there is room again", TimeSpan.FromSeconds(20), async () =>
            (await BackendAsync(stage)).GetProperty("fullness").GetString() != "full", Cancellation);
        Assert.Equal(0, (await WriteAsync(uri, 4, 350)).ExitCode);
        var read = await QemuIoAsync(uri, "read -P 4 0 350M");
        Assert.True(read.ExitCode == 0 && !read.Output.Contains("verification failed", StringComparison.Ordinal), read.Output + read.Errors);
    }

    private static long Bytes(JsonElement record, string name) => record.GetProperty(name).GetInt64();

    private static Task<JsonElement> BackendAsync(Stage stage) => stage.North.JsonAsync(Cancellation, "backend", "show", "ssd");

    private static Task<ProgramRun> WriteAsync(string uri, byte pattern, int mebibytes) =>
        QemuIoAsync(uri, $"write -P {pattern} 0 {mebibytes}M", "flush");

    private static Task<ProgramRun> QemuIoAsync(string uri, params string[] commands) => ProgramRun.RunAsync(
        "qemu-io", ["-f", "raw", .. commands.SelectMany(command => new[] { "-c", command }), uri], TimeSpan.FromMinutes(2), Cancellation);
}
