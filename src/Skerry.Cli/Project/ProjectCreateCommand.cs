using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Project;

internal sealed class ProjectCreateCommand : DataCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "Name of the new project." };
    private readonly Option<string> _description = new("--description") { Description = "Free text.", HelpName = "TEXT" };

    public ProjectCreateCommand()
        : base("create", "Make a project.", "skerry project create web --description \"The shop\"")
    {
        Arguments.Add(_name);
        Options.Add(_description);
    }

    public override IView View => ProjectView.Project;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var project = await invocation.Client.Projects.CreateAsync(
            new ProjectRequest(invocation.Get(_name), null, invocation.Get(_description), null), cancellationToken);
        invocation.Print(ProjectView.Project, project);
        return ExitCodes.Done;
    }
}
