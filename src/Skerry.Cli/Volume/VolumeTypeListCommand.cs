using Skerry.Cli.Output;

namespace Skerry.Cli.Volume;

internal sealed class VolumeTypeListCommand() : DataCommand("list", "Show volume types.", "skerry volume type list")
{
    public override IView View => VolumeView.Type;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(VolumeView.Type, await invocation.Client.VolumeTypes.ListAsync(cancellationToken));
        return ExitCodes.Done;
    }
}
