using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Project;

internal static class ProjectView
{
    public static readonly View<ProjectRecord> Project = new(
        "project",
        OutputJson.Default.ProjectRecord,
        new("id", "32 hex digits.", p => p.Id),
        new("name", "Name.", p => p.Name),
        new("domain_id", "Domain.", p => p.DomainId),
        new("enabled", "Whether its users can work in it.", p => p.Enabled),
        new("description", "Free text.", p => p.Description, IsBrief: false));
}
