namespace Skerry.Demo.Steps;

internal static class ChangeStep
{
    public static async Task RunAsync(Story story, CancellationToken cancellationToken)
    {
        var north = story.Stage.North;
        var before = await ReplicateStep.FollowsAsync(story, north, cancellationToken);
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

        var after = await ReplicateStep.FollowsAsync(story, north, cancellationToken);
        var (old, now) = (Number(before), Number(after));
        Story.Require(now > old, $"the replica's recovery point did not move: write {old}, then {now}");
        story.Prove("the replica follows what is written", $"recovery point went from write {old} to {now}; lag {after.GetProperty("source").GetProperty("lag_bytes")} bytes");
    }

    private static long Number(System.Text.Json.JsonElement replication) =>
        replication.GetProperty("target").GetProperty("recovery_point").GetProperty("number").GetInt64();
}
