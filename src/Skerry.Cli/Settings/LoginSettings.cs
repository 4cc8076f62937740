using System.CommandLine;
using Skerry.Client.Native.Login;

namespace Skerry.Cli.Settings;

/// <summary>
/// Who logs in where. An option wins over everything; then comes the cloud that <c>--os-cloud</c> or <c>OS_CLOUD</c> chooses, and
/// then <c>OS_*</c>, so that naming a cloud is enough whatever a sourced openrc has left behind.
/// </summary>
internal sealed record LoginSettings(CloudLogin Login, Trust Trust)
{
    public static LoginSettings Read(ParseResult parsed, Surroundings surroundings)
    {
        var cloud = Cloud(parsed, surroundings);
        string? Setting(Option<string>? option, string key) =>
            (option is null ? null : parsed.GetValue(option))
            ?? cloud?.GetValueOrDefault(key)
            ?? surroundings.Variable("OS_" + key.ToUpperInvariant());

        var address = Setting(SharedOptions.AuthUrl, "auth_url") ?? throw new UsageException(
            "No site to talk to: there is no auth URL.",
            "Source an admin-openrc, or set OS_AUTH_URL, or name a cloud of clouds.yaml with --os-cloud or OS_CLOUD.");
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new UsageException($"The auth URL {address} is not an http or https address.", "An example: https://north.example:8776/identity/v3");
        }

        var login = new CloudLogin(url)
        {
            Username = Setting(SharedOptions.Username, "username"),
            UserId = Setting(null, "user_id"),
            Password = Setting(SharedOptions.Password, "password"),
            Token = Setting(null, "token"),
            UserDomainName = Setting(SharedOptions.UserDomain, "user_domain_name"),
            UserDomainId = Setting(null, "user_domain_id"),
            ProjectName = Setting(SharedOptions.ProjectName, "project_name"),
            ProjectId = Setting(null, "project_id"),
            ProjectDomainName = Setting(SharedOptions.ProjectDomain, "project_domain_name"),
            ProjectDomainId = Setting(null, "project_domain_id"),
            RegionName = Setting(SharedOptions.Region, "region_name"),
        };
        if (login.Token is null)
        {
            Need(login.Username ?? login.UserId, "user", "OS_USERNAME or --os-username");
            Need(login.Password, "password", "OS_PASSWORD");
        }

        var verify = cloud?.GetValueOrDefault("verify") is not { } text || !text.Equals("false", StringComparison.OrdinalIgnoreCase);
        return new LoginSettings(login, new Trust(Path(Setting(SharedOptions.CaCert, "cacert"), surroundings), verify));
    }

    private static IReadOnlyDictionary<string, string>? Cloud(ParseResult parsed, Surroundings surroundings)
    {
        var name = parsed.GetValue(SharedOptions.Cloud) ?? surroundings.Variable("OS_CLOUD");
        if (name is null)
        {
            // Without a name, a file that holds one cloud only leaves no question, unless OS_* answer it.
            var isAnswered = parsed.GetValue(SharedOptions.AuthUrl) is not null || surroundings.Variable("OS_AUTH_URL") is not null;
            return isAnswered || CloudsFile.Read(surroundings) is not { Names.Count: 1 } only ? null : only.Find(only.Names.First());
        }

        var file = CloudsFile.Read(surroundings) ?? throw new UsageException(
            $"The cloud {name} cannot be looked up: there is no clouds.yaml.",
            $"Looked for {string.Join(", ", CloudsFile.Places(surroundings).Where(p => p.EndsWith(".yaml", StringComparison.Ordinal)))}; OS_CLIENT_CONFIG_FILE names another.");
        return file.Find(name) ?? throw new UsageException(
            $"{file.Path} has no cloud {name}.", file.Names.Count == 0 ? null : $"It has {string.Join(", ", file.Names)}.");
    }

    private static void Need(string? value, string what, string where)
    {
        if (value is null)
        {
            throw new UsageException($"No {what} to log in with.", $"Set {where}, or name a cloud of clouds.yaml with --os-cloud or OS_CLOUD.");
        }
    }

    private static string? Path(string? path, Surroundings surroundings) =>
        path is null ? null
        : path.StartsWith("~/", StringComparison.Ordinal) && surroundings.Variable("HOME") is { } home ? System.IO.Path.Combine(home, path[2..])
        : System.IO.Path.Combine(surroundings.WorkingDirectory, path);
}
