using System.CommandLine;

namespace Skerry.Blocks.Tool;

internal sealed class InfoCommand : ToolCommand
{
    private readonly Option<string> _format = Format();

    public InfoCommand()
        : base("info", "Show the room of a store that is not in use.", "skerry-blocks info ./store", "skerry-blocks info ./store -f json") => Options.Add(_format);

    protected override async Task<int> RunAsync(ParseResult parsed, string directory, CancellationToken cancellationToken)
    {
        await using var store = await BlockStore.OpenForReadingAsync(directory, cancellationToken);
        var snapshots = 0;
        foreach (var id in store.VolumeIds)
        {
            snapshots += (await store.OpenAsync(id, cancellationToken)).Snapshots.Count;
        }

        var space = store.Space;
        var info = new InfoRecord(Path.GetFullPath(directory), store.VolumeIds.Count, snapshots, space.TotalBytes, space.FreeBytes, space.AllocatedBytes);
        Console.WriteLine(parsed.GetValue(_format) == "json"
            ? ToolJson.Write(info, json => json.InfoRecord)
            : $"{info.Directory}\nvolumes    {info.Volumes}\nsnapshots  {info.Snapshots}\noccupied   {ByteSize.Text(info.AllocatedBytes)}\nfree       {ByteSize.Text(info.FreeBytes)} of {ByteSize.Text(info.TotalBytes)}");
        return ExitCodes.Done;
    }
}
