using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Operation;

internal sealed class OperationListCommand : DataCommand
{
    private readonly Option<string> _status = new("--status") { Description = "Only those in this status.", HelpName = "STATUS" };
    private readonly Option<string> _entity = new("--entity") { Description = "Only those on the thing with this id.", HelpName = "ID" };
    private readonly Option<string> _site = new("--site") { Description = "Only those that this site carries out.", HelpName = "SITE" };

    public OperationListCommand()
        : base(
            "list",
            "Show operations, newest first.",
            "skerry operation list --status queued",
            "skerry operation list --site south -f json")
    {
        _status.OneOf("queued", "running", "succeeded", "failed", "expired", "discarded", "cancelled");
        Options.Add(_status);
        Options.Add(_entity);
        Options.Add(_site);
    }

    public override IView View => OperationView.Operation;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var operations = await invocation.Client.Operations.ListAsync(
            invocation.Get(_status), invocation.Get(_entity), invocation.Get(_site), cancellationToken);
        invocation.Print(OperationView.Operation, operations);
        return ExitCodes.Done;
    }
}
