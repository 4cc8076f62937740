using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Operation;

internal sealed class OperationCancelCommand : DataCommand
{
    private readonly Argument<string> _operation = new("OPERATION") { Description = "Id of the operation." };

    public OperationCancelCommand()
        : base(
            "cancel",
            "Cancel an operation that its site has not taken up, or abort one while everything can be undone: see its column can_abort.",
            "skerry operation cancel 6d6c0a4e-2f0c-4d52-9a3e-6b8f4a4f9d21") => Arguments.Add(_operation);

    public override IView View => OperationView.Operation;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(OperationView.Operation, await invocation.Client.Operations.CancelAsync(invocation.Get(_operation), cancellationToken));
        return ExitCodes.Done;
    }
}
