using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Operation;

internal sealed class OperationWaitCommand : DataCommand
{
    private readonly Argument<string> _operation = new("OPERATION") { Description = "Id of the operation." };

    public OperationWaitCommand()
        : base(
            "wait",
            "Wait until an operation is over, 60 s unless --timeout says otherwise. Exit code 1 unless it succeeded, 4 when its site refused it, 5 when it is not over in time.",
            "skerry operation wait 6d6c0a4e-2f0c-4d52-9a3e-6b8f4a4f9d21",
            "skerry operation wait 6d6c0a4e-2f0c-4d52-9a3e-6b8f4a4f9d21 --timeout 600") => Arguments.Add(_operation);

    public override IView View => OperationView.Operation;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(OperationView.Operation, await invocation.Waits.ForOperationAsync(invocation.Get(_operation), cancellationToken));
        return ExitCodes.Done;
    }
}
