using System.Globalization;
using Skerry.Client.Native.Wire;
using Skerry.Demo;
using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Replicate;

/// <summary>What crosses the link when a primary comes back that was passed over, and both sides wrote since.</summary>
internal sealed class ResyncCases(TwoSites sites, Selection selection)
{
    private const string Name = "resync-bytes";
    private const long WrittenAtEach = 32L << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public async Task<IReadOnlyList<Comparison>> RunAsync(CancellationToken cancellationToken)
    {
        if (!selection.Takes(Name))
        {
            return [];
        }

        var id = await sites.MakeVolumeAsync("resync", 1, cancellationToken);
        var uri = await TwoSites.ConnectAsync(sites.North, id, cancellationToken);
        (await StreamCases.FioAsync(uri, ["--rw=write", "--bs=1m", "--iodepth=4"], cancellationToken)).Require();
        var asked = DateTimeOffset.UtcNow;
        var relation = await sites.ReplicateAsync(id, "instant", cancellationToken);
        await sites.SyncedAsync(relation, asked, cancellationToken);

        // Nothing of what north writes now reaches south.
        await sites.North.Replications.ActAsync(relation, "pause", cancellationToken);
        await Eventually.TrueAsync("the replication rests", Patience, async () =>
            (await sites.North.Replications.ShowAsync(relation, cancellationToken)).Status.Contains("paused", StringComparison.Ordinal), cancellationToken);
        await ChangeAsync(uri, 0, 1, cancellationToken);
        await sites.KillNorthAsync();
        await sites.South.Volumes.RecoverAsync(id, "failover", new RecoveryRequest("south", true, null), cancellationToken);
        var there = "";
        await Eventually.TrueAsync("south is primary", Patience, async () =>
        {
            try
            {
                there = await TwoSites.ConnectAsync(sites.South, id, cancellationToken);
                await ChangeAsync(there, 512, 2, cancellationToken);
                return true;
            }
            catch (Exception e) when (e is Client.Native.RefusedException or InvalidOperationException)
            {
                return false;
            }
        }, cancellationToken);

        await sites.StartNorthAsync(cancellationToken);
        TransferRecord? last = null;
        await Eventually.TrueAsync("north follows south", Patience, async () =>
        {
            var shown = await sites.South.Replications.ShowAsync(relation, cancellationToken);
            if (shown.Status.Contains("paused", StringComparison.Ordinal))
            {
                await sites.South.Replications.ActAsync(relation, "resume", cancellationToken);
            }

            last = shown.Source?.LastTransfer;
            return shown.Status == "active - secondary" && last is { Kind: "resync" };
        }, cancellationToken);
        await Console.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"bench: {Name}: {last!.ComparedBytes} compared, {last.MovedBytes} moved in frames of {last.WireBytes} bytes"));
        return [new Comparison(Name, Math.Max(last.MovedBytes, last.WireBytes), "bytes", "written since the fork", 2 * WrittenAtEach, 1 / 1.1, LessIsBetter: true)];
    }

    /// <summary>4 KiB blocks at random, each once, in one half of the disk.</summary>
    private static async Task ChangeAsync(string uri, int offsetMebibytes, int seed, CancellationToken cancellationToken) =>
        (await ProgramRun.RunAsync(
            "fio",
            [
                "--name=bench", "--ioengine=nbd", $"--uri={uri}", $"--offset={offsetMebibytes}m", "--size=512m", $"--io_size={WrittenAtEach}",
                "--rw=randwrite", "--bs=4k", "--iodepth=16", $"--randseed={seed}", "--end_fsync=1",
            ], TimeSpan.FromMinutes(2), cancellationToken)).Require();
}
