using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Volume;

internal sealed class VolumeShowCommand : DataCommand
{
    private readonly Argument<string> _volume = VolumeArgument.Create();

    public VolumeShowCommand()
        : base("show", "Show a volume.", "skerry volume show data", "skerry volume show data -f value -c status") => Arguments.Add(_volume);

    public override IView View => VolumeView.Volume;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(VolumeView.Volume, await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken));
        return ExitCodes.Done;
    }
}
