using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.User;

internal static class UserView
{
    public static readonly View<UserRecord> User = new(
        "user",
        OutputJson.Default.UserRecord,
        new("id", "32 hex digits.", u => u.Id),
        new("name", "Name.", u => u.Name),
        new("domain_id", "Domain.", u => u.DomainId),
        new("enabled", "Whether it can log in.", u => u.Enabled),
        new("default_project_id", "Project of its logins that name none.", u => u.DefaultProjectId, IsBrief: false),
        new("email", "Mail address.", u => u.Email, IsBrief: false),
        new("description", "Free text.", u => u.Description, IsBrief: false));
}
