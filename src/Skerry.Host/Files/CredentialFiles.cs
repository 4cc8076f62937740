using Skerry.Host.Configuration;

namespace Skerry.Host.Files;

/// <summary>What first start leaves for the operator: an openrc to source, and a <c>clouds.yaml</c>; both for the owner only.</summary>
internal static class CredentialFiles
{
    private const string OpenRc = "admin-openrc", Clouds = "clouds.yaml";

    public static IReadOnlyList<string> Names { get; } = [OpenRc, Clouds];

    public static void Write(DataDirectory directory, SiteConfiguration site, string password, string certificatePath)
    {
        var authUrl = $"{site.ApiUrl.AbsoluteUri.TrimEnd('/')}/identity/v3";
        var isTls = site.ApiUrl.Scheme == "https";
        directory.WritePrivate(OpenRc, $"""
            export OS_AUTH_URL={authUrl}
            export OS_USERNAME=admin
            export OS_PASSWORD={ShellQuote(password)}
            export OS_PROJECT_NAME=admin
            export OS_USER_DOMAIN_NAME=Default
            export OS_PROJECT_DOMAIN_NAME=Default
            export OS_REGION_NAME={site.Region}
            export OS_IDENTITY_API_VERSION=3
            {(isTls ? $"export OS_CACERT={ShellQuote(certificatePath)}" : "# plain http: no certificate to trust")}

            """);
        directory.WritePrivate(Clouds, $"""
            clouds:
              {site.Name}:
                auth:
                  auth_url: {authUrl}
                  username: admin
                  password: {YamlQuote(password)}
                  project_name: admin
                  user_domain_name: Default
                  project_domain_name: Default
                region_name: {site.Region}
                identity_api_version: 3
                volume_api_version: 3
            {(isTls ? $"    cacert: {YamlQuote(certificatePath)}" : "    # plain http: no certificate to trust")}

            """);
    }

    private static string ShellQuote(string text) => $"'{text.Replace("'", "'\\''")}'";

    private static string YamlQuote(string text) => $"'{text.Replace("'", "''")}'";
}
