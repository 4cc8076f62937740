using System.CommandLine;
using Skerry.Blocks.Encryption;

namespace Skerry.Blocks.Tool;

internal sealed class CreateCommand : ToolCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "Name of the new volume." };
    private readonly Option<string> _size = new("--size") { Description = "Its size: bytes, or a number with K, M, G or T. Space is taken as it is written.", Required = true };

    private readonly Option<string> _keyFile = KeyFile.Option(
        "Encrypt the volume at rest. Its key is made, and stored wrapped for the holder of this private key on P-256; without that it cannot be read again.");

    public CreateCommand()
        : base(
            "create",
            "Make an empty volume, and the store when there is none yet.",
            "skerry-blocks create ./store root --size 20G",
            "skerry-blocks create ./store ledger --size 20G --key-file ./holder.pem")
    {
        Options.Add(_keyFile);
        Arguments.Add(_name);
        Options.Add(_size);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, string directory, CancellationToken cancellationToken)
    {
        var size = ByteSize.Parse(parsed.GetValue(_size)!);
        using var key = KeyFile.Read(parsed.GetValue(_keyFile));
        await using var store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory, KeyHolder = key }, cancellationToken);
        _ = key is null
            ? await store.CreateAsync(parsed.GetValue(_name)!, size, cancellationToken)
            : await store.CreateAsync(parsed.GetValue(_name)!, size, VolumeKey.Create(), cancellationToken);
        return ExitCodes.Done;
    }
}
