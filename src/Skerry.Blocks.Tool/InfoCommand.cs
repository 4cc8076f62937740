using System.CommandLine;

namespace Skerry.Blocks.Tool;

internal sealed class InfoCommand : ToolCommand
{
    private readonly Option<bool> _usage = new("--usage") { Description = "Also who takes how much: goes through all maps, which takes a while in a large store." };
    private readonly Option<string> _format = Format();

    public InfoCommand()
        : base(
            "info", "Show the room of a store that is not in use.", "skerry-blocks info ./store", "skerry-blocks info ./store --usage",
            "skerry-blocks info ./store -f json")
    {
        Options.Add(_usage);
        Options.Add(_format);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, string directory, CancellationToken cancellationToken)
    {
        await using var store = await BlockStore.OpenForReadingAsync(directory, cancellationToken);
        var snapshots = new Dictionary<string, IReadOnlyList<SnapshotInfo>>();
        foreach (var id in store.VolumeIds)
        {
            snapshots[id] = (await store.OpenAsync(id, cancellationToken)).Snapshots;
        }

        var space = store.Space;
        var usage = parsed.GetValue(_usage) ? Of(await store.SurveyAsync(cancellationToken), space, snapshots) : null;
        var info = new InfoRecord(
            Path.GetFullPath(directory), snapshots.Count, snapshots.Values.Sum(of => of.Count), space.TotalBytes, space.FreeBytes, space.AllocatedBytes,
            space.SpareBytes, space.Fullness, usage);
        Console.Write(parsed.GetValue(_format) == "json" ? ToolJson.Write(info, json => json.InfoRecord) + "\n" : Text(info));
        return ExitCodes.Done;
    }

    private static UsageRecord Of(SpaceSurvey survey, StoreSpace space, Dictionary<string, IReadOnlyList<SnapshotInfo>> snapshots) => new(
        survey.LiveBytes, space.AllocatedBytes - survey.LiveBytes, survey.SharedBytes, survey.IsComplete,
        [
            .. survey.Volumes.Select(volume => new VolumeUsage(
                volume.VolumeId, volume.AllocatedBytes, volume.ExclusiveBytes, volume.SharedBytes, volume.HeadBytes,
                [.. snapshots[volume.VolumeId].Select(snapshot => new SnapshotUsage(snapshot.Id, volume.Snapshots[snapshot.Id]))])),
        ]);

    private static string Text(InfoRecord info)
    {
        using var text = new StringWriter { NewLine = "\n" };
        text.WriteLine(info.Directory);
        text.WriteLine($"volumes    {info.Volumes}");
        text.WriteLine($"snapshots  {info.Snapshots}");
        text.WriteLine($"occupied   {ByteSize.Text(info.AllocatedBytes)}");
        text.WriteLine($"free       {ByteSize.Text(info.FreeBytes)} of {ByteSize.Text(info.TotalBytes)} ({FullnessText.Of(info.Fullness).Replace('_', ' ')})");
        if (info.Usage is not { } usage)
        {
            return text.ToString();
        }

        text.WriteLine($"live       {ByteSize.Text(usage.LiveBytes)}, {ByteSize.Text(usage.SharedBytes)} of them shared by volumes");
        text.WriteLine($"dead       {ByteSize.Text(usage.DeadBytes)}");
        if (!usage.IsComplete)
        {
            text.WriteLine("A part of the maps is damaged, and what it uses is not counted; see: skerry-blocks check");
        }

        foreach (var volume in usage.Volumes)
        {
            text.WriteLine(
                $"{volume.Id}\t{ByteSize.Text(volume.AllocatedBytes)} stored\t{ByteSize.Text(volume.ExclusiveBytes)} exclusive\t"
                + $"{ByteSize.Text(volume.SharedBytes)} shared\t{ByteSize.Text(volume.HeadBytes)} head alone");
            foreach (var snapshot in volume.Snapshots)
            {
                text.WriteLine($"{volume.Id}@{snapshot.Id}\t{ByteSize.Text(snapshot.ExclusiveBytes)} exclusive");
            }
        }

        return text.ToString();
    }
}
