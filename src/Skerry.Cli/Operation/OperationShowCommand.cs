using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Operation;

internal sealed class OperationShowCommand : DataCommand
{
    private readonly Argument<string> _operation = new("OPERATION") { Description = "Id of the operation." };

    public OperationShowCommand()
        : base("show", "Show an operation.", "skerry operation show 6d6c0a4e-2f0c-4d52-9a3e-6b8f4a4f9d21") => Arguments.Add(_operation);

    public override IView View => OperationView.Operation;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(OperationView.Operation, await invocation.Client.Operations.ShowAsync(invocation.Get(_operation), cancellationToken));
        return ExitCodes.Done;
    }
}
