using System.CommandLine;

namespace Skerry.Blocks.Tool;

internal sealed class SnapshotCreateCommand : ToolCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "The volume." };
    private readonly Argument<string> _snapshot = new("SNAPSHOT") { Description = "Name of the new snapshot." };

    public SnapshotCreateCommand()
        : base("create", "Keep a volume's state of now.", "skerry-blocks snapshot create ./store root before-upgrade")
    {
        Arguments.Add(_name);
        Arguments.Add(_snapshot);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, string directory, CancellationToken cancellationToken)
    {
        await using var store = await OpenAsync(directory, cancellationToken);
        await (await store.OpenAsync(parsed.GetValue(_name)!, cancellationToken)).CreateSnapshotAsync(parsed.GetValue(_snapshot)!, cancellationToken);
        return ExitCodes.Done;
    }
}

internal sealed class SnapshotListCommand : ToolCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "The volume." };
    private readonly Option<string> _format = Format();

    public SnapshotListCommand()
        : base("list", "Show a volume's snapshots, oldest first, of a store that is not in use.", "skerry-blocks snapshot list ./store root")
    {
        Arguments.Add(_name);
        Options.Add(_format);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, string directory, CancellationToken cancellationToken)
    {
        await using var store = await BlockStore.OpenForReadingAsync(directory, cancellationToken);
        var volume = await store.OpenAsync(parsed.GetValue(_name)!, cancellationToken);
        List<SnapshotLine> lines = [.. volume.Snapshots.Select(snapshot => new SnapshotLine(snapshot.Id, snapshot.CreatedAt, snapshot.SizeBytes, snapshot.Lineage.LastNumber))];
        if (parsed.GetValue(_format) == "json")
        {
            Console.WriteLine(ToolJson.Write<IReadOnlyList<SnapshotLine>>(lines, json => json.IReadOnlyListSnapshotLine));
            return ExitCodes.Done;
        }

        foreach (var line in lines)
        {
            Console.WriteLine($"{line.Id}\t{line.CreatedAt:u}\t{ByteSize.Text(line.SizeBytes)}\twrite {line.LastNumber}");
        }

        return ExitCodes.Done;
    }
}

internal sealed class SnapshotDeleteCommand : ToolCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "The volume." };
    private readonly Argument<string> _snapshot = new("SNAPSHOT") { Description = "The snapshot." };

    public SnapshotDeleteCommand()
        : base("delete", "Delete a snapshot; others keep what they share with it.", "skerry-blocks snapshot delete ./store root before-upgrade")
    {
        Arguments.Add(_name);
        Arguments.Add(_snapshot);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, string directory, CancellationToken cancellationToken)
    {
        await using var store = await OpenAsync(directory, cancellationToken);
        var volume = await store.OpenAsync(parsed.GetValue(_name)!, cancellationToken);
        var snapshot = parsed.GetValue(_snapshot)!;
        if (volume.Snapshots.All(other => other.Id != snapshot))
        {
            throw new BlockException(BlockError.NotFound, $"volume '{volume.Id}' has no snapshot '{snapshot}'");
        }

        await volume.DeleteSnapshotAsync(snapshot, cancellationToken);
        return ExitCodes.Done;
    }
}
