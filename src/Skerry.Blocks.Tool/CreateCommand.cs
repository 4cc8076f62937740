using System.CommandLine;

namespace Skerry.Blocks.Tool;

internal sealed class CreateCommand : ToolCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "Name of the new volume." };
    private readonly Option<string> _size = new("--size") { Description = "Its size: bytes, or a number with K, M, G or T. Space is taken as it is written.", Required = true };

    public CreateCommand()
        : base("create", "Make an empty volume, and the store when there is none yet.", "skerry-blocks create ./store root --size 20G")
    {
        Arguments.Add(_name);
        Options.Add(_size);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, string directory, CancellationToken cancellationToken)
    {
        var size = ByteSize.Parse(parsed.GetValue(_size)!);
        await using var store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory }, cancellationToken);
        await store.CreateAsync(parsed.GetValue(_name)!, size, cancellationToken);
        return ExitCodes.Done;
    }
}
