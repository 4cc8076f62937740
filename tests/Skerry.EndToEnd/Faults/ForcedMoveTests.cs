using System.Diagnostics;
using Skerry.Client.Native;
using Skerry.Demo;

namespace Skerry.EndToEnd.Faults;

/// <summary>Forced moves: when they are refused, how long they take, what they lose, and what becomes of the deleted.</summary>
public sealed class ForcedMoveTests
{
    private readonly int _seed = int.TryParse(Environment.GetEnvironmentVariable("SKERRY_SEED"), out var seed) ? seed : Random.Shared.Next();

    [Fact]
    public async Task A_forced_move_waits_for_a_lost_primary_and_its_return_loses_nothing_that_was_written_since()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var stage = Stage.Open();
        await Demo.Steps.JoinStep.StartJoinedAsync(stage, cancellationToken);
        await using var disk = await ReplicatedDisk.MakeAsync(stage, cancellationToken);
        var oracle = new StampOracle(_seed);
        var old = await disk.OpenAsync(stage.North, cancellationToken);
        await WriteAsync(oracle, old, 20);

        foreach (var action in new[] { "promote", "failover" })
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => disk.AskAsync(stage.South, action, cancellationToken, "south", force: true));
            Assert.Contains("alive and connected", refused.Error.Message, StringComparison.Ordinal);
        }

        var attached = await Assert.ThrowsAsync<RefusedException>(() => disk.AskAsync(stage.North, "failover", cancellationToken));
        Assert.Contains("attached", attached.Error.Message, StringComparison.Ordinal);
        await oracle.WriteSomeAsync(old);
        await disk.FollowsAsync(stage.North, stage.South, cancellationToken);

        // One direction of dialling is cut: the other carries both sides, so the primary is still there.
        stage.SouthAsSeenByNorth.Cut();
        await Task.Delay(2500, cancellationToken);
        var preview = await disk.At(stage.South).Volumes.PreviewAsync(disk.VolumeId, "failover", "south", true, cancellationToken);
        Say($"half cut: {preview.Refusal?.Message} {preview.Summary}");
        var half = await disk.At(stage.North).Replications.ShowAsync(disk.ReplicationId, cancellationToken);
        Say($"half cut: {half.Status} {half.Reason}");
        Assert.Contains("alive and connected", preview.Refusal?.Message, StringComparison.Ordinal);
        await WriteAsync(oracle, old, 10);
        stage.SouthAsSeenByNorth.Heal();
        await disk.FollowsAsync(stage.North, stage.South, cancellationToken);

        var last = DateTimeOffset.UtcNow;
        stage.CutNorth();
        stage.North.Daemon.Freeze();
        var clock = Stopwatch.StartNew();
        preview = await disk.LossAsync(stage.South, cancellationToken);
        Say($"loss seen after {clock.ElapsedMilliseconds} ms: {preview.Summary}");
        Assert.True(preview.RecoveryPoint!.TakenAt >= last - TimeSpan.FromSeconds(5), $"{preview}");
        clock.Restart();
        var forced = await disk.AskAsync(stage.South, "failover", cancellationToken, "south", force: true);
        await using (var there = await disk.OpenAsync(stage.South, cancellationToken))
        {
            Say($"forced: writable {clock.ElapsedMilliseconds} ms after the command");
            await oracle.VerifyAsync(there, $"seed {_seed}, promoted by force", cancellationToken, preview.RecoveryPoint.TakenAt);
            await WriteAsync(oracle, there, 10);
        }

        // The old primary wakes up, still cut off: it does not know, and writes; that is what diverges.
        stage.North.Daemon.Thaw();
        var lost = new StampOracle(_seed + 1);
        await lost.WriteSomeAsync(old);
        clock.Restart();
        stage.HealNorth();
        await Eventually.TrueAsync(
            "the old primary is fenced", TimeSpan.FromSeconds(20),
            async () => await Record.ExceptionAsync(() => lost.WriteSomeAsync(old)) is not null, cancellationToken);
        Say($"fenced {clock.ElapsedMilliseconds} ms after the link healed");
        await disk.FollowsAsync(stage.South, stage.North, cancellationToken);
        Say($"followed {clock.ElapsedMilliseconds} ms after the link healed");
        await old.DisposeAsync();
        var kept = await disk.At(stage.South).Snapshots.ListAsync(null, disk.VolumeId, true, cancellationToken);
        Assert.Contains(kept, s => s.Name!.StartsWith("diverged-", StringComparison.Ordinal) && s.Site == "north");
        var home = await disk.AskAsync(stage.South, "failback", cancellationToken);
        Assert.Equal("succeeded", (await disk.EndAsync(stage.South, home.OperationId!, cancellationToken)).Status);
        await using (var there = await disk.OpenAsync(stage.North, cancellationToken))
        {
            await oracle.VerifyAsync(there, $"seed {_seed}, at home", cancellationToken);
        }

        await DeletedAsync(stage, disk, cancellationToken);
    }

    private static async Task DeletedAsync(Stage stage, ReplicatedDisk disk, CancellationToken cancellationToken)
    {
        var volumes = disk.At(stage.North).Volumes;
        foreach (var connection in await volumes.ConnectionsAsync(disk.VolumeId, cancellationToken))
        {
            await volumes.DisconnectAsync(disk.VolumeId, connection.Id, cancellationToken);
        }

        await volumes.DeleteAsync(disk.VolumeId, true, cancellationToken);
        await Eventually.TrueAsync("the volume is gone at both", TimeSpan.FromSeconds(20), async () =>
            (await disk.At(stage.North).Volumes.ListAsync(null, null, null, true, cancellationToken)).Count == 0
            && (await disk.At(stage.South).Volumes.ListAsync(null, null, null, true, cancellationToken)).Count == 0, cancellationToken);
    }

    private static async Task WriteAsync(StampOracle oracle, Skerry.TestKit.Processes.NbdClient client, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await oracle.WriteSomeAsync(client);
        }
    }

    private static void Say(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
