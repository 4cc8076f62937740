namespace Skerry.Demo.Steps;

internal static class ChangeStep
{
    public static async Task RunAsync(Story story, CancellationToken cancellationToken)
    {
        var north = story.Stage.North;
        var (before, _) = await ReplicateStep.RecoveryPointAsync(story, story.Stage.South, cancellationToken);
        var uri = await VolumeStep.ConnectAsync(north, story.VolumeId, cancellationToken);
        if (story.CanMount)
        {
            story.Mounted = await MountedVolume.MountAsync(story.Stage, "north", uri, readOnly: false, cancellationToken);
            story.Say("mounted over nbdfuse and a loop device; 120 files are written, each with fsync");
            await FileWriter.WriteManyAsync(story, "ward", 120, cancellationToken);
        }
        else
        {
            story.Say("nothing can be mounted here; debugfs edits the file system on a copy, which nbdcopy writes back");
            await EditedImage.AddAsync(story, uri, "ward", 120, cancellationToken);
        }

        var followed = await ReplicateStep.FollowsAsync(story, north, cancellationToken);
        var wanted = followed.GetProperty("source").GetProperty("primary_number").GetInt64();
        Story.Require(wanted > before, $"nothing was written: the primary's last write is {wanted}, the recovery point was {before}");
        await Eventually.TrueAsync("the recovery point reaches what was written", TimeSpan.FromSeconds(20), async () =>
            (await ReplicateStep.RecoveryPointAsync(story, story.Stage.South, cancellationToken)).Number >= wanted, cancellationToken);
        story.Prove("the replica follows what is written", $"its recovery point went from write {before} to {wanted}; lag {followed.GetProperty("source").GetProperty("lag_bytes")} bytes");
    }
}
