using Skerry.Cli.Output;

namespace Skerry.Cli.Project;

internal sealed class ProjectListCommand() : DataCommand("list", "Show projects.", "skerry project list")
{
    public override IView View => ProjectView.Project;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(ProjectView.Project, await invocation.Client.Projects.ListAsync(null, cancellationToken));
        return ExitCodes.Done;
    }
}
