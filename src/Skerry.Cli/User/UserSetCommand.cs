using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.User;

internal sealed class UserSetCommand : DataCommand
{
    private readonly Argument<string> _user = new("USER") { Description = "Name or id of the user." };
    private readonly Option<string> _name = new("--name") { Description = "New name.", HelpName = "NAME" };
    private readonly Option<string> _password = new("--password") { Description = "New password; - reads it from standard input.", HelpName = "PASSWORD" };
    private readonly Option<string> _email = new("--email") { Description = "New mail address.", HelpName = "ADDRESS" };
    private readonly Option<string> _description = new("--description") { Description = "New description.", HelpName = "TEXT" };
    private readonly Option<bool> _enable = new("--enable") { Description = "Let it log in." };
    private readonly Option<bool> _disable = new("--disable") { Description = "Refuse its logins and its tokens." };

    public UserSetCommand()
        : base("set", "Change a user.", "skerry user set anna --name anna.b", "skerry user set anna --disable")
    {
        Arguments.Add(_user);
        Option[] changes = [_name, _password, _email, _description, _enable, _disable];
        foreach (var change in changes)
        {
            Options.Add(change);
        }

        Validators.Add(result =>
        {
            if (!changes.Any(change => result.GetResult(change) is { Implicit: false }))
            {
                result.AddError("Say what to change: --name, --password, --email, --description, --enable or --disable.");
            }

            if (result.GetResult(_enable) is { Implicit: false } && result.GetResult(_disable) is { Implicit: false })
            {
                result.AddError("Give either --enable or --disable.");
            }
        });
    }

    public override IView View => UserView.User;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var password = await PasswordText.ReadAsync(invocation, invocation.Get(_password), cancellationToken);
        var user = await invocation.Names.UserAsync(invocation.Get(_user), cancellationToken);
        bool? enabled = invocation.Get(_enable) ? true : invocation.Get(_disable) ? false : null;
        var changed = await invocation.Client.Users.UpdateAsync(
            user.Id,
            new UserRequest(invocation.Get(_name), null, null, invocation.Get(_email), invocation.Get(_description), password, enabled),
            cancellationToken);
        invocation.Print(UserView.User, changed);
        return ExitCodes.Done;
    }
}
