using System.CommandLine;

namespace Skerry.Blocks.Tool;

internal sealed class ListCommand : ToolCommand
{
    private readonly Option<string> _format = Format();

    public ListCommand()
        : base("list", "Show the volumes of a store that is not in use.", "skerry-blocks list ./store", "skerry-blocks list ./store -f json") => Options.Add(_format);

    protected override async Task<int> RunAsync(ParseResult parsed, string directory, CancellationToken cancellationToken)
    {
        await using var store = await BlockStore.OpenForReadingAsync(directory, cancellationToken);
        var lines = new List<VolumeLine>();
        foreach (var id in store.VolumeIds.Order(StringComparer.Ordinal))
        {
            var volume = await store.OpenAsync(id, cancellationToken);
            lines.Add(new VolumeLine(id, volume.SizeBytes, volume.AllocatedBytes, volume.Snapshots.Count, volume.Lineage.LastNumber));
        }

        if (parsed.GetValue(_format) == "json")
        {
            Console.WriteLine(ToolJson.Write<IReadOnlyList<VolumeLine>>(lines, json => json.IReadOnlyListVolumeLine));
            return ExitCodes.Done;
        }

        foreach (var line in lines)
        {
            Console.WriteLine($"{line.Id}\t{ByteSize.Text(line.SizeBytes)}\t{ByteSize.Text(line.AllocatedBytes)} stored\t{line.Snapshots} snapshots\twrite {line.LastNumber}");
        }

        return ExitCodes.Done;
    }
}
