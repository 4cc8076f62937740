using Skerry.Cli.Output;

namespace Skerry.Cli.User;

internal sealed class UserListCommand() : DataCommand("list", "Show users.", "skerry user list -f value -c name")
{
    public override IView View => UserView.User;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(UserView.User, await invocation.Client.Users.ListAsync(null, cancellationToken));
        return ExitCodes.Done;
    }
}
