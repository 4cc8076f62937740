using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Volume;

internal sealed class VolumeExtendCommand : DataCommand
{
    private readonly Argument<string> _volume = VolumeArgument.Create();
    private readonly Option<long> _size = new("--size") { Description = "New size, above the present one.", HelpName = "GIB", Required = true };

    public VolumeExtendCommand()
        : base("extend", "Make a volume larger; its replicas follow.", "skerry volume extend data --size 20 --wait")
    {
        Arguments.Add(_volume);
        Options.Add(_size);
        Options.Add(SharedOptions.Wait);
    }

    public override IView View => VolumeView.Volume;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volume = await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken);
        var reply = await invocation.Client.Volumes.ExtendAsync(volume.Id, invocation.Get(_size), cancellationToken);
        return await VolumeOutcome.PrintAsync(invocation, reply, cancellationToken);
    }
}
