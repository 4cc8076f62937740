using System.CommandLine;

namespace Skerry.Cli.Project;

internal sealed class ProjectDeleteCommand : SkerryCommand
{
    private readonly Argument<string> _project = new("PROJECT") { Description = "Name or id of the project." };

    public ProjectDeleteCommand()
        : base("delete", "Delete a project.", "skerry project delete NAME") => Arguments.Add(_project);

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var project = await invocation.Names.ProjectAsync(invocation.Get(_project), cancellationToken);
        await invocation.Client.Projects.DeleteAsync(project.Id, cancellationToken);
        invocation.Talk.Say($"Project {project.Name} is deleted.");
        return ExitCodes.Done;
    }
}
