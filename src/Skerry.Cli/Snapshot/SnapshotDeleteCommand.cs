using System.CommandLine;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Snapshot;

internal sealed class SnapshotDeleteCommand : SkerryCommand
{
    private readonly Argument<string[]> _snapshots = new("SNAPSHOT")
    {
        Description = "Names or ids of the snapshots.",
        Arity = ArgumentArity.OneOrMore,
    };

    public SnapshotDeleteCommand()
        : base("delete", "Delete snapshots.", "skerry snapshot delete before-upgrade --wait")
    {
        Arguments.Add(_snapshots);
        Options.Add(SharedOptions.Wait);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        // All names are looked up first, so that a mistyped one deletes nothing.
        var snapshots = new List<SnapshotRecord>();
        foreach (var name in invocation.Get(_snapshots))
        {
            snapshots.Add(await invocation.Names.SnapshotAsync(name, cancellationToken));
        }

        foreach (var snapshot in snapshots)
        {
            var reply = await invocation.Client.Snapshots.DeleteAsync(snapshot.Id, cancellationToken);
            if (reply.OperationId is { } operation && invocation.IsWaiting)
            {
                await invocation.Waits.ForOperationAsync(operation, cancellationToken);
            }
            else if (reply.OperationId is { } follow)
            {
                invocation.Talk.Say($"Accepted. Follow it with: skerry operation wait {follow}");
                continue;
            }

            invocation.Talk.Say($"Snapshot {snapshot.Name ?? snapshot.Id} is deleted.");
        }

        return ExitCodes.Done;
    }
}
