using System.Text.Json;

namespace Skerry.Demo.Steps;

internal static class DisasterStep
{
    public static async Task RunAsync(Story story, CancellationToken cancellationToken)
    {
        var (stage, north, south) = (story.Stage, story.Stage.North, story.Stage.South);
        var acknowledged = await KillInTheMiddleAsync(story, cancellationToken);
        story.Say($"north lost its links, and a second later was killed with SIGKILL while it wrote; {acknowledged.Count} writes had been acknowledged as durable by then");

        var seen = default(JsonElement);
        await Eventually.TrueAsync("hub shows that north is gone", TimeSpan.FromSeconds(20), async () =>
        {
            seen = await CutStep.SiteAsync(stage.Hub, "north", cancellationToken);
            return seen.GetProperty("state").GetString() == "autonomous";
        }, cancellationToken);

        // South goes by what hub told it last of north: while that may still be reached through hub, no copy is promoted beside it.
        await Eventually.TrueAsync("south knows that north is gone", TimeSpan.FromSeconds(20), async () =>
            (await CutStep.SiteAsync(south, "north", cancellationToken)).GetProperty("state").GetString() == "autonomous", cancellationToken);
        story.Prove("hub shows the lost site, and the age of what it knows", $"north {seen.GetProperty("state").GetString()}, known {seen.GetProperty("age_seconds").GetDouble():0.0} s ago");

        var failover = (await south.SkerryAsync(cancellationToken, "volume", "failover", story.VolumeId, "--to", "south", "--force", "--yes", "--wait")).Require();
        story.Say($"skerry volume failover --force: {failover.Errors.Trim().ReplaceLineEndings(" ")}");
        Story.Require(failover.Errors.Contains("lose", StringComparison.OrdinalIgnoreCase) || failover.Errors.Contains("lost", StringComparison.OrdinalIgnoreCase),
            "the failover did not say what may be lost");
        var volume = await south.JsonAsync(cancellationToken, "volume", "show", story.VolumeId);
        story.Prove("a forced failover says what may be lost, then promotes", $"generation {volume.GetProperty("generation")}, primary {volume.GetProperty("site").GetString()}");

        var point = (await south.JsonAsync(cancellationToken, "replication", "show", story.ReplicationId))
            .GetProperty("target").GetProperty("recovery_point").GetProperty("taken_at").GetDateTimeOffset();
        await story.StampsOrFilesAsync(acknowledged, point, cancellationToken);
        await RequireReplayedCloneAsync(story, point, acknowledged.Count, cancellationToken);
    }

    /// <summary>Writes until the daemon is killed under the writer; returns what was acknowledged as durable, with its time.</summary>
    private static async Task<IReadOnlyList<Acknowledged>> KillInTheMiddleAsync(Story story, CancellationToken cancellationToken)
    {
        using var writing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writer = Task.Run(() => story.WriteUntilCutAsync(writing.Token), CancellationToken.None);
        await Task.Delay(TimeSpan.FromSeconds(2.5), cancellationToken);

        // Links rarely outlive their site: what is written in the last second reaches nobody, and will have diverged.
        story.Stage.CutNorth();
        await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        Story.Require(!writer.IsCompleted, "the writer stopped before north was killed");
        await story.Stage.North.KillAsync();
        await writing.CancelAsync();
        var acknowledged = await writer;
        if (story.Mounted is { } mounted)
        {
            await mounted.DisposeAsync();
            story.Mounted = null;
        }

        return acknowledged;
    }

    /// <summary>The promoted file system is as a disk after a power cut: its journal is replayed on a clone, and then it must be clean.</summary>
    private static async Task RequireReplayedCloneAsync(Story story, DateTimeOffset point, int acknowledged, CancellationToken cancellationToken)
    {
        var south = story.Stage.South;
        var clone = await south.JsonAsync(
            cancellationToken, "volume", "create", "replay", "--size", "2", "--source-volume", story.VolumeId, "--wait");
        var cloneId = clone.GetProperty("id").GetString()!;
        var uri = await VolumeStep.ConnectAsync(south, cloneId, cancellationToken);
        var image = story.Stage.PathOf("replay.img");
        if (story.CanMount)
        {
            await using (await MountedVolume.MountAsync(story.Stage, "replay", uri, readOnly: false, cancellationToken))
            {
                story.Say("the clone was mounted, which replays its journal");
            }

            (await Stage.RunAsync("nbdcopy", cancellationToken, uri, image)).Require();
        }
        else
        {
            (await Stage.RunAsync("nbdcopy", cancellationToken, uri, image)).Require();
            (await Stage.RunAsync("e2fsck", cancellationToken, "-y", "-E", "journal_only", image)).Require(0, 1);
        }

        var check = (await Stage.RunAsync("e2fsck", cancellationToken, "-fn", image)).Require();
        await EditedImage.RequireFilesAsync(story, image, "the promoted volume", cancellationToken);
        File.Delete(image);
        story.Prove("the promoted file system is clean", $"journal replayed on a clone; e2fsck -fn: {VolumeStep.Verdict(check)}");
        story.Prove("what was flushed up to the announced recovery point is there", $"{story.Files.Count} files byte for byte; recovery point {point:HH:mm:ss.fff} UTC; {acknowledged} writes acknowledged before the kill");
    }
}
