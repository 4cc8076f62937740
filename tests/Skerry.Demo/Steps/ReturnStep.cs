using System.Text.Json;

namespace Skerry.Demo.Steps;

internal static class ReturnStep
{
    public static async Task RunAsync(Story story, CancellationToken cancellationToken)
    {
        var (stage, north, south) = (story.Stage, story.Stage.North, story.Stage.South);
        var uri = await VolumeStep.ConnectAsync(south, story.VolumeId, cancellationToken);
        if (story.CanMount)
        {
            story.Mounted = await MountedVolume.MountAsync(stage, "south", uri, readOnly: false, cancellationToken);
            await FileWriter.WriteManyAsync(story, "night-shift", 80, cancellationToken);
        }
        else
        {
            await EditedImage.AddAsync(story, uri, "night-shift", 80, cancellationToken);
        }

        story.Say("80 new files were written at south");
        stage.HealNorth();
        await north.StartAsync(cancellationToken);
        story.Say($"north is back (process {north.Daemon.ProcessId})");

        var shown = await ReplicateStep.UntilAsync(story, north, "north follows", r =>
            r.GetProperty("status").GetString() == "active - secondary"
            && r.GetProperty("target") is { ValueKind: JsonValueKind.Object } t
            && t.GetProperty("last_transfer").ValueKind == JsonValueKind.Object
            && r.GetProperty("target_site").GetString() == "north", cancellationToken);
        var transfer = shown.GetProperty("target").GetProperty("last_transfer");
        var (compared, moved, equal) = (Bytes(transfer, "compared_bytes"), Bytes(transfer, "moved_bytes"), Bytes(transfer, "equal_bytes"));
        var cleared = Bytes(transfer, "zeroed_bytes");
        story.Prove("the old primary fences itself and resyncs by what differs", $"{compared / 1024} KiB compared, {moved / 1024} KiB moved, {cleared / 1024} KiB cleared, {equal / 1024} KiB were equal, of 2 GiB");
        Story.Require(moved < 256L << 20, $"{moved} bytes were moved, which is no difference but a copy");

        // Where nothing can be mounted it is the stamped volume that was written when the links had gone.
        var diverged = await Eventually.BecomesAsync("north keeps what diverged as a snapshot", TimeSpan.FromSeconds(30), async () =>
            (await north.JsonAsync(cancellationToken, "snapshot", "list", "--volume", story.StampVolumeId ?? story.VolumeId)).EnumerateArray()
                .Select(s => s.GetProperty("name").GetString()!).FirstOrDefault(n => n.StartsWith("diverged-", StringComparison.Ordinal)), cancellationToken);
        story.Prove("what diverged is kept as a snapshot", diverged);

        var refused = await north.SkerryAsync(cancellationToken, "volume", "connect", story.VolumeId);
        Story.Require(refused.ExitCode == 4, $"north still hands out its fenced copy (exit code {refused.ExitCode})");
        story.Prove("the old primary takes no more writes", refused.Errors.Trim().Split('\n')[0]);
    }

    private static long Bytes(JsonElement transfer, string name) => transfer.GetProperty(name).GetInt64();
}
