using System.Text;
using Skerry.Demo;
using Skerry.TestKit.Processes;

namespace Skerry.EndToEnd;

/// <summary>One encrypted volume of a real site, with real NBD clients: what changed, going back, rates, and what its files tell.</summary>
public sealed class ServedVolumeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_served_volume_tells_what_changed_goes_back_and_leaves_no_plaintext_in_any_file()
    {
        await using var stage = Stage.Open();
        var north = stage.North;
        north.WriteConfiguration();
        await north.StartAsync(Cancellation);
        var id = (await north.JsonAsync(Cancellation, "volume", "create", "ledger", "--size", "1", "--encrypted", "--wait")).GetProperty("id").GetString()!;
        var needle = Encoding.ASCII.GetBytes("a text that is in no file of the site");
        var block = new byte[4096];
        needle.CopyTo(block, 100);

        var uri = await ConnectAsync(north, id);
        await using (var client = await NbdClient.ConnectAsync(uri, Cancellation))
        {
            await client.WriteAsync(8192, block, Cancellation, forceUnitAccess: true);
        }

        var snapshot = (await north.JsonAsync(Cancellation, "snapshot", "create", id, "kept", "--wait")).GetProperty("id").GetString()!;
        (await Stage.RunAsync("qemu-io", Cancellation, "-f", "raw", "-c", "write -P 7 4096 12288", "-c", "flush", uri.AbsoluteUri)).Require();
        var changed = (await Stage.RunAsync("nbdinfo", Cancellation, $"--map=qemu:dirty-bitmap:{snapshot}", "--totals", uri.AbsoluteUri)).Require();
        Assert.Matches(@"(?m)^\s*12288 .*dirty", changed.Output);

        Assert.Equal(4, (await north.SkerryAsync(Cancellation, "volume", "revert", id, "kept", "--wait")).ExitCode);
        (await north.SkerryAsync(Cancellation, "volume", "disconnect", id)).Require();
        (await north.SkerryAsync(Cancellation, "volume", "revert", id, "kept", "--wait")).Require();
        await using (var client = await NbdClient.ConnectAsync(await ConnectAsync(north, id), Cancellation))
        {
            var read = new byte[12288];
            await client.ReadAsync(4096, read, Cancellation);
            Assert.Equal([.. new byte[4096], .. block, .. new byte[4096]], read);
        }

        var refused = await Assert.ThrowsAsync<IOException>(() => NbdClient.ConnectAsync(uri, Cancellation));
        Assert.Contains("refused the export", refused.Message, StringComparison.Ordinal);

        // The client hears of it before the log does.
        for (var tries = 0; tries < 300 && !await WasToldAsync(); tries++)
        {
            await Task.Delay(100, Cancellation);
        }

        Assert.True(await WasToldAsync(), "The log does not tell who was turned away.");
        Assert.Equal(0, (await north.SkerryAsync(Cancellation, "volume", "check", id, "--wait")).ExitCode);
        await north.KillAsync();
        foreach (var path in Directory.EnumerateFiles(north.DataDirectory, "*", SearchOption.AllDirectories))
        {
            Assert.True((await File.ReadAllBytesAsync(path, Cancellation)).AsSpan().IndexOf(needle) < 0, $"{path} holds plaintext");
        }

        async Task<bool> WasToldAsync() => (await File.ReadAllTextAsync(north.Daemon.LogPath, Cancellation))
            .Contains("was turned away: it named no export", StringComparison.Ordinal);
    }

    private static async Task<Uri> ConnectAsync(DemoSite site, string volumeId) =>
        new((await site.SkerryAsync(Cancellation, "volume", "connect", volumeId)).Require().Output.Trim());
}
