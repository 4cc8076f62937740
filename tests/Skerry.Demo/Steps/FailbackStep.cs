namespace Skerry.Demo.Steps;

internal static class FailbackStep
{
    public static async Task RunAsync(Story story, CancellationToken cancellationToken)
    {
        var (stage, north, south) = (story.Stage, story.Stage.North, story.Stage.South);
        if (story.Mounted is { } mounted)
        {
            await mounted.DisposeAsync();
            story.Mounted = null;
        }

        south.OnTalk = line => story.Say($"skerry: {line}");
        (await south.SkerryAsync(cancellationToken, "volume", "failback", story.VolumeId, "--wait")).Require();
        south.OnTalk = null;
        var volume = await north.JsonAsync(cancellationToken, "volume", "show", story.VolumeId);
        Story.Require(volume.GetProperty("site").GetString() == "north", $"after failback the primary is {volume.GetProperty("site")}");

        var uri = await VolumeStep.ConnectAsync(north, story.VolumeId, cancellationToken);
        var image = stage.PathOf("home.img");
        (await Stage.RunAsync("nbdcopy", cancellationToken, uri, image)).Require();
        if (!story.CanMount)
        {
            (await Stage.RunAsync("e2fsck", cancellationToken, "-y", "-E", "journal_only", image)).Require(0, 1);
        }

        var check = (await Stage.RunAsync("e2fsck", cancellationToken, "-fn", image)).Require();
        await EditedImage.RequireFilesAsync(story, image, "the volume at home", cancellationToken);
        File.Delete(image);
        story.Prove("failback loses nothing", $"generation {volume.GetProperty("generation")} at north; {story.Files.Count} files byte for byte; e2fsck -fn: {VolumeStep.Verdict(check)}");
        var shown = await ReplicateStep.FollowsAsync(story, north, cancellationToken);
        story.Prove("the replica follows again, the other way", $"{shown.GetProperty("source_site").GetString()} to {shown.GetProperty("target_site").GetString()}, {shown.GetProperty("status").GetString()}");
    }
}
