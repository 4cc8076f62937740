using System.CommandLine;
using System.Globalization;

namespace Skerry.Cli;

/// <summary>Options that several verbs, or all of them, understand in the same way.</summary>
internal static class SharedOptions
{
    public static readonly Option<string> Format = new("--format", "-f")
    {
        Description = "How to print: table, json, yaml or value.",
        HelpName = "table|json|yaml|value",
        DefaultValueFactory = _ => "table",
    };

    public static readonly Option<string[]> Column = new("--column", "-c")
    {
        Description = "Print only this column; can be repeated.",
        HelpName = "COLUMN",
    };

    public static readonly Option<bool> Wait = new("--wait")
    {
        Description = "Return when it is done, not when it is accepted; progress goes to standard error.",
    };

    public static readonly Option<bool> Yes = new("--yes", "-y")
    {
        Description = "Do not ask for confirmation.",
    };

    public static readonly Option<bool> AllProjects = new("--all-projects")
    {
        Description = "Of all projects (administrators).",
    };

    public static readonly Option<long?> Timeout = new("--timeout")
    {
        Description = "Give up after this time, with exit code 5; 60 without --wait and 3600 with it.",
        HelpName = "SECONDS",
        Recursive = true,
    };

    public static readonly Option<bool> Session = new("--session")
    {
        Description = "Refuse, with exit code 5, what a site says that is behind what was seen before; else that is said and shown.",
        Recursive = true,
    };

    public static readonly Option<bool> NoSession = new("--no-session")
    {
        Description = "Neither tell the site what was seen before, nor remember what is seen now.",
        Recursive = true,
    };

    public static readonly Option<string> Cloud = OpenStack("--os-cloud", "CLOUD", "A cloud of clouds.yaml (OS_CLOUD).");
    public static readonly Option<string> AuthUrl = OpenStack("--os-auth-url", "URL", "Address of identity at any site (OS_AUTH_URL).");
    public static readonly Option<string> Username = OpenStack("--os-username", "USER", "User name (OS_USERNAME).");
    public static readonly Option<string> Password = OpenStack("--os-password", "PASSWORD", "Password (OS_PASSWORD).");
    public static readonly Option<string> ProjectName = OpenStack("--os-project-name", "PROJECT", "Project name (OS_PROJECT_NAME).");

    public static readonly Option<string> UserDomain =
        OpenStack("--os-user-domain-name", "DOMAIN", "Domain of the user (OS_USER_DOMAIN_NAME).");

    public static readonly Option<string> ProjectDomain =
        OpenStack("--os-project-domain-name", "DOMAIN", "Domain of the project (OS_PROJECT_DOMAIN_NAME).");

    public static readonly Option<string> Region =
        OpenStack("--os-region-name", "REGION", "The site to talk to (OS_REGION_NAME); else the one at the auth URL.");

    public static readonly Option<string> CaCert =
        OpenStack("--os-cacert", "FILE", "Certificates to trust instead of the system's (OS_CACERT).");

    /// <summary>Understood by every command.</summary>
    public static IReadOnlyList<Option> Global { get; } =
        [Timeout, Session, NoSession, Cloud, AuthUrl, Username, Password, ProjectName, UserDomain, ProjectDomain, Region, CaCert];

    static SharedOptions()
    {
        Format.OneOf("table", "json", "yaml", "value");
        Timeout.Validators.Add(result =>
        {
            // The text is looked at, since a value that is no number cannot be asked for.
            if (result.Tokens is [var token]
                && !(long.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 31_536_000))
            {
                result.AddError("--timeout takes a number of seconds from 1 to 31536000.");
            }
        });
    }

    private static Option<string> OpenStack(string name, string helpName, string description) =>
        new(name) { HelpName = helpName, Description = description, Recursive = true };
}
