using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Group;

internal sealed class GroupShowCommand : DataCommand
{
    private readonly Argument<string> _group = GroupArgument.Create();

    public GroupShowCommand()
        : base(
            "show",
            "Show a group: its volumes, and the newest instant that all replicas have.",
            "skerry group show database",
            "skerry group show database -f value -c recovery_point_age_seconds") => Arguments.Add(_group);

    public override IView View => GroupView.Group;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(GroupView.Group, await invocation.Client.Groups.ShowAsync(invocation.Get(_group), cancellationToken));
        return ExitCodes.Done;
    }
}
