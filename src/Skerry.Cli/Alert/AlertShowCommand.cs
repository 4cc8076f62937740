using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Alert;

internal sealed class AlertShowCommand : DataCommand
{
    private readonly Argument<string> _alert = new("ALERT") { Description = "The id of the alert, as it is listed." };

    public AlertShowCommand()
        : base("show", "Show an alert, with its evidence and what to do (administrators).", "skerry alert show clock.drift:4f1c02a9d7e35b60") =>
        Arguments.Add(_alert);

    public override IView View => AlertView.Alert;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(AlertView.Alert, await invocation.Client.Alerts.ShowAsync(invocation.Get(_alert), cancellationToken));
        return ExitCodes.Done;
    }
}
