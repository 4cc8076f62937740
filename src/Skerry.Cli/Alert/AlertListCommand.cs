using Skerry.Cli.Output;

namespace Skerry.Cli.Alert;

internal sealed class AlertListCommand : DataCommand
{
    public AlertListCommand()
        : base(
            "list",
            "Show what stands at the site that is asked and should be looked at, the worst first (administrators).",
            "skerry alert list",
            "skerry alert list --os-region-name south -f json")
    {
    }

    public override IView View => AlertView.Alert;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(AlertView.Alert, await invocation.Client.Alerts.ListAsync(cancellationToken));
        return ExitCodes.Done;
    }
}
