using static Skerry.Cli.Tests.Samples;

namespace Skerry.Cli.Tests;

public sealed class SettingsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skerry-cli-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static FakeSite Site() => new FakeSite().On("GET /skerry/v1/volumes", Volumes(AVolume()));

    private Terminal InDirectory(FakeSite site, params (string Name, string? Value)[] variables) => new()
    {
        Site = site,
        WorkingDirectory = _directory,
        Variables = variables.ToDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal),
    };

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_directory, name), text);

    private void WriteClouds() => Write("clouds.yaml", """
        clouds:
          north:
            auth:
              auth_url: http://north.test:8776/identity/v3
              username: anna
              project_name: web
              user_domain_name: Staff
            cacert: north.pem
          south:
            auth:
              auth_url: http://north.test:8776/identity
              username: anna
              password: other
            region_name: south
            verify: false
        """);

    [Fact]
    public async Task Variables_are_taken_as_the_openstack_client_has_them()
    {
        var site = Site();
        var run = await CommandRun.Of(site, "volume", "list");
        Assert.Equal(0, run.ExitCode);
        var login = Parse(site.LoginBody)["auth"]!;
        Assert.Equal("admin", (string)login["identity"]!["password"]!["user"]!["name"]!);
        Assert.Equal("Default", (string)login["identity"]!["password"]!["user"]!["domain"]!["name"]!);
        Assert.Equal("admin", (string)login["scope"]!["project"]!["name"]!);
    }

    [Fact]
    public async Task A_named_cloud_gives_everything_and_wins_over_variables_that_were_left_behind()
    {
        WriteClouds();
        Write("secure.yaml", "clouds: {north: {auth: {password: from-secure}}}");
        var site = Site();
        var terminal = InDirectory(site, ("OS_AUTH_URL", "http://elsewhere/identity/v3"), ("OS_USERNAME", "root"));
        var run = await terminal.RunAsync("--os-cloud", "north", "volume", "list");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var user = Parse(site.LoginBody)["auth"]!["identity"]!["password"]!["user"]!;
        Assert.Equal("anna", (string)user["name"]!);
        Assert.Equal("from-secure", (string)user["password"]!);
        Assert.Equal("Staff", (string)user["domain"]!["name"]!);
        Assert.Equal(Path.Combine(_directory, "north.pem"), terminal.Trusted!.CaCertFile);
        Assert.True(terminal.Trusted.Verify);
    }

    [Fact]
    public async Task An_option_wins_over_the_cloud()
    {
        WriteClouds();
        var site = Site();
        await InDirectory(site, ("OS_CLOUD", "north")).RunAsync("volume", "list", "--os-username", "bob", "--os-password", "p");
        Assert.Equal("bob", (string)Parse(site.LoginBody)["auth"]!["identity"]!["password"]!["user"]!["name"]!);
    }

    [Fact]
    public async Task A_region_is_looked_up_in_the_catalog()
    {
        WriteClouds();
        var site = Site();
        var terminal = InDirectory(site, ("OS_CLOUD", "south"));
        var run = await terminal.RunAsync("volume", "list");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal("GET http://south.test:8776/skerry/v1/volumes", site.Requests.Single());
        Assert.False(terminal.Trusted!.Verify);
    }

    [Fact]
    public async Task An_unknown_region_names_those_there_are()
    {
        WriteClouds();
        var run = await InDirectory(Site(), ("OS_CLOUD", "south")).RunAsync("volume", "list", "--os-region-name", "west");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("no region west; it has south", run.Error);
    }

    [Fact]
    public async Task The_only_cloud_of_a_file_needs_no_name()
    {
        Write("clouds.yaml", "clouds: {one: {auth: {auth_url: 'http://north.test:8776', username: a, password: b}}}");
        var run = await InDirectory(Site()).RunAsync("volume", "list", "-f", "value", "-c", "name");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task A_file_elsewhere_is_named_by_a_variable()
    {
        Write("mine.yaml", "clouds: {one: {auth: {auth_url: 'http://north.test:8776/identity/v3', username: a, password: b}}}");
        var run = await InDirectory(Site(), ("OS_CLIENT_CONFIG_FILE", Path.Combine(_directory, "mine.yaml")), ("OS_CLOUD", "one"))
            .RunAsync("volume", "list");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    [Theory]
    [InlineData("clouds: {a: {auth: {auth_url: 'http://x', username: u, password: p}}}", "atlantis", "has no cloud atlantis")]
    [InlineData("clouds: [a, b]", "a", "no mapping clouds")]
    [InlineData("clouds: {a: {auth: {auth_url: 'http://x', username: u}}}", "a", "No password")]
    [InlineData("clouds: {a: {auth: {auth_url: 'http://x', password: p}}}", "a", "No user")]
    [InlineData("clouds: {a: {auth: {username: u, password: p}}}", "a", "no auth URL")]
    [InlineData("clouds: {a: {auth: {auth_url: north, username: u, password: p}}}", "a", "not an http or https address")]
    [InlineData("clouds:\n  a:\n auth: {", "a", "not well-formed YAML")]
    public async Task A_wrong_file_is_a_usage_error_that_says_what_is_wrong(string yaml, string cloud, string said)
    {
        Write("clouds.yaml", yaml);
        var run = await InDirectory(Site()).RunAsync("--os-cloud", cloud, "volume", "list");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(said, run.Error);
    }

    [Fact]
    public async Task A_cloud_without_any_file_says_where_it_looked()
    {
        var run = await InDirectory(Site(), ("HOME", "/nobody")).RunAsync("--os-cloud", "north", "volume", "list");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("/nobody/.config/openstack/clouds.yaml", run.Error);
    }

    [Fact]
    public async Task No_settings_at_all_say_what_to_set()
    {
        var run = await InDirectory(Site(), ("HOME", _directory)).RunAsync("volume", "list");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("OS_AUTH_URL", run.Error);
    }
}
