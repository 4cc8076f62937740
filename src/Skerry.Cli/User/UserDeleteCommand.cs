using System.CommandLine;

namespace Skerry.Cli.User;

internal sealed class UserDeleteCommand : SkerryCommand
{
    private readonly Argument<string> _user = new("USER") { Description = "Name or id of the user." };

    public UserDeleteCommand()
        : base("delete", "Delete a user.", "skerry user delete NAME") => Arguments.Add(_user);

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var user = await invocation.Names.UserAsync(invocation.Get(_user), cancellationToken);
        await invocation.Client.Users.DeleteAsync(user.Id, cancellationToken);
        invocation.Talk.Say($"User {user.Name} is deleted.");
        return ExitCodes.Done;
    }
}
