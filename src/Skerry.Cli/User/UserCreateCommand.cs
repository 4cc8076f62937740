using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.User;

internal sealed class UserCreateCommand : DataCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "Name of the new user." };

    private readonly Option<string> _password = new("--password")
    {
        Description = "Its password; - reads it from standard input. Without one it cannot log in.",
        HelpName = "PASSWORD",
    };

    private readonly Option<string> _project = new("--project") { Description = "Its project, where it gets the role.", HelpName = "PROJECT" };

    private readonly Option<string> _role = new("--role")
    {
        Description = "Its role in the project.",
        HelpName = "admin|member|reader",
        DefaultValueFactory = _ => "member",
    };

    private readonly Option<string> _email = new("--email") { Description = "Mail address.", HelpName = "ADDRESS" };
    private readonly Option<string> _description = new("--description") { Description = "Free text.", HelpName = "TEXT" };

    public UserCreateCommand()
        : base(
            "create",
            "Make a user.",
            "skerry user create anna --password - --project web --role member",
            "skerry user create monitor --password secret --project web --role reader")
    {
        Arguments.Add(_name);
        Options.Add(_password);
        Options.Add(_project);
        Options.Add(_role);
        Options.Add(_email);
        Options.Add(_description);
    }

    public override IView View => UserView.User;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var project = invocation.Get(_project) is { } name ? await invocation.Names.ProjectAsync(name, cancellationToken) : null;
        var password = await PasswordText.ReadAsync(invocation, invocation.Get(_password), cancellationToken);
        var user = await invocation.Client.Users.CreateAsync(
            new UserRequest(
                invocation.Get(_name), null, project?.Id, invocation.Get(_email), invocation.Get(_description), password, null),
            cancellationToken);
        if (project is not null)
        {
            await invocation.Client.Users.GrantAsync(user.Id, project.Id, invocation.Get(_role)!, cancellationToken);
        }

        invocation.Print(UserView.User, user);
        return ExitCodes.Done;
    }
}
