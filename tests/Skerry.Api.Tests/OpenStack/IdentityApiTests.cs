using System.Text.Json.Nodes;
using Skerry.Domain.Identity;

namespace Skerry.Api.Tests.OpenStack;

public sealed class IdentityApiTests(SharedSite shared) : IClassFixture<SharedSite>
{
    private const string Tokens = "/identity/v3/auth/tokens";

    [Fact]
    public async Task A_password_buys_a_token_that_describes_itself()
    {
        await using var site = await ApiSite.StartAsync();
        using var response = await site.SendAsync("POST", Tokens, body: PasswordRequest("admin", ApiSite.AdminPassword));
        Assert.Equal(201, (int)response.StatusCode);
        var text = response.Headers.GetValues("X-Subject-Token").Single();
        Assert.StartsWith("req-", response.Headers.GetValues("X-Openstack-Request-Id").Single());
        var token = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["token"]!;
        Assert.Equal("""["password"]""", token["methods"]!.ToJsonString());
        Assert.Equal("admin", (string?)token["project"]!["name"]);
        Assert.Equal("Default", (string?)token["user"]!["domain"]!["name"]);
        Assert.Equal(["admin", "member", "reader"], token["roles"]!.AsArray().Select(role => (string?)role!["name"]));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$", (string?)token["expires_at"]);
        Assert.Equal(
            ["identity", "volumev3", "block-storage", "image", "skerry"],
            token["catalog"]!.AsArray().Select(entry => (string?)entry!["type"]));
        Assert.Equal(
            $"{site.Address}/volume/v3/{WellKnown.AdminProjectId}", (string?)token["catalog"]![1]!["endpoints"]![0]!["url"]);

        var shown = await site.JsonAsync("GET", Tokens, text, 200, null, ("X-Subject-Token", text));
        Assert.Equal((string?)token["issued_at"], (string?)shown["token"]!["issued_at"]);
        using var head = await site.SendAsync("HEAD", Tokens, text, null, ("X-Subject-Token", text));
        Assert.Equal(200, (int)head.StatusCode);
        await site.JsonAsync("DELETE", Tokens, text, 204, null, ("X-Subject-Token", text));
        await site.JsonAsync("GET", Tokens, text, 401, null, ("X-Subject-Token", text));
    }

    [Fact]
    public async Task A_token_buys_a_token_of_another_scope_and_none_wider_than_its_user()
    {
        await using var site = await ApiSite.StartAsync();
        var ann = await site.AddUserAsync("ann");
        string Request(string scope) =>
            $$$"""{"auth": {"identity": {"methods": ["token"], "token": {"id": "{{{ann}}}"}}, "scope": {{{scope}}}}}""";

        using var unscoped = await site.SendAsync("POST", Tokens, body: Request("\"unscoped\""));
        Assert.Equal(201, (int)unscoped.StatusCode);
        var bare = unscoped.Headers.GetValues("X-Subject-Token").Single();
        Assert.Null(JsonNode.Parse(await unscoped.Content.ReadAsStringAsync())!["token"]!["catalog"]);
        Assert.Equal(
            ["ann"],
            (await site.JsonAsync("GET", "/identity/v3/auth/projects", bare, 200))["projects"]!.AsArray().Select(p => (string?)p!["name"]));
        await site.JsonAsync("GET", "/volume/v3/volumes", bare, 403);
        foreach (var scope in new[]
                 {
                     """{"system": {"all": true}}""",
                     """{"domain": {"id": "default"}}""",
                     """{"project": {"name": "admin", "domain": {"id": "default"}}}""",
                     """{"project": {"name": "nothing", "domain": {"id": "default"}}}""",
                 })
        {
            await site.JsonAsync("POST", Tokens, "", 401, Request(scope));
        }
    }

    [Theory]
    [InlineData("", 400, "JSON")]
    [InlineData("{", 400, "JSON")]
    [InlineData("[]", 400, "body must be an object")]
    [InlineData("null", 400, "'auth' is a required property")]
    [InlineData("{}", 400, "'auth' is a required property")]
    [InlineData("""{"auth": 7}""", 400, "auth must be an object")]
    [InlineData("""{"auth": {"identity": {}}}""", 400, "'methods' is a required property")]
    [InlineData("""{"auth": {"identity": {"methods": "password"}}}""", 400, "methods must be a list")]
    [InlineData("""{"auth": {"identity": {"methods": [1]}}}""", 400, "methods must hold texts")]
    [InlineData("""{"auth": {"identity": {"methods": []}}}""", 400, "methods must name one")]
    [InlineData("""{"auth": {"identity": {"methods": ["magic"], "magic": {}}}}""", 401, "unsupported method")]
    [InlineData("""{"auth": {"identity": {"methods": ["password"]}}}""", 400, "'password' is a required property")]
    [InlineData("""{"auth": {"identity": {"methods": ["password"], "password": {"user": {"password": "x"}}}}}""", 400, "id or name")]
    [InlineData("""{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "admin", "password": "x"}}}}}""", 400, "domain in user")]
    [InlineData("""{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "x", "password": 5}}}}}""", 400, "password must be a text")]
    [InlineData("""{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "x", "password": "\ud800"}}}}}""", 400, "Unicode")]
    [InlineData("""{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "x", "password": "y"}}}}}""", 401, "requires authentication")]
    [InlineData("""{"auth": {"identity": {"methods": ["token"], "token": {"id": "x"}}}}""", 401, "requires authentication")]
    [InlineData("""{"auth": {"identity": {"methods": ["token"], "token": {"id": "x"}}, "scope": {"galaxy": {}}}}""", 400, "scope must hold one of")]
    public async Task A_wrong_request_for_a_token_is_told_what_is_wrong(string body, int status, string message)
    {
        var error = (await shared.Site.JsonAsync("POST", Tokens, "", status, body))["error"]!;
        Assert.Equal(status, (int)error["code"]!);
        Assert.Contains(message, (string?)error["message"]);
        Assert.NotNull((string?)error["title"]);
    }

    [Fact]
    public async Task Users_projects_roles_and_domains_are_made_changed_listed_and_deleted()
    {
        await using var site = await ApiSite.StartAsync();
        var token = await site.TokenAsync();
        const string V3 = "/identity/v3";

        var domain = (await site.JsonAsync("POST", $"{V3}/domains", token, 201, """{"domain": {"name": "lab"}}"""))["domain"]!;
        var project = (await site.JsonAsync(
            "POST", $"{V3}/projects", token, 201, $$$"""{"project": {"name": "web", "domain_id": "{{{domain["id"]}}}"}}"""))["project"]!;
        var user = (await site.JsonAsync(
            "POST",
            $"{V3}/users",
            token,
            201,
            $$$"""{"user": {"name": "ann", "domain_id": "{{{domain["id"]}}}", "password": "pw", "email": "ann@example"}}"""))["user"]!;
        Assert.Equal((string?)domain["id"], (string?)user["domain_id"]);
        Assert.Null(user["password"]);
        var role = (await site.JsonAsync("POST", $"{V3}/roles", token, 201, """{"role": {"name": "auditor"}}"""))["role"]!;

        var grant = $"{V3}/projects/{project["id"]}/users/{user["id"]}/roles/{role["id"]}";
        await site.JsonAsync("HEAD", grant, token, 404);
        await site.JsonAsync("PUT", grant, token, 204);
        await site.JsonAsync("HEAD", grant, token, 204);
        var listed = await site.JsonAsync("GET", $"{V3}/role_assignments?user.id={user["id"]}&include_names=true", token, 200);
        Assert.Equal("web", (string?)listed["role_assignments"]![0]!["scope"]!["project"]!["name"]);
        Assert.Equal("lab", (string?)listed["role_assignments"]![0]!["user"]!["domain"]!["name"]);
        using var login = await site.SendAsync("POST", Tokens, body: PasswordRequest("ann", "pw", "lab", "web"));
        Assert.Equal(201, (int)login.StatusCode);
        var own = login.Headers.GetValues("X-Subject-Token").Single();
        await site.JsonAsync("GET", $"{V3}/users/{user["id"]}", own, 200);
        await site.JsonAsync("GET", $"{V3}/users", own, 403);

        var renamed = await site.JsonAsync(
            "PATCH", $"{V3}/users/{user["id"]}", token, 200, """{"user": {"name": "anna", "email": null, "enabled": false}}""");
        Assert.Equal(("anna", null, false), ((string?)renamed["user"]!["name"], (string?)renamed["user"]!["email"], (bool)renamed["user"]!["enabled"]!));
        await site.JsonAsync("GET", $"{V3}/users/{user["id"]}", own, 401);
        var found = await site.JsonAsync("GET", $"{V3}/users?name=anna&domain_id={domain["id"]}", token, 200);
        Assert.Single(found["users"]!.AsArray());
        await site.JsonAsync("PATCH", $"{V3}/projects/{project["id"]}", token, 200, """{"project": {"description": "d"}}""");

        await site.JsonAsync("DELETE", grant, token, 204);
        await site.JsonAsync("DELETE", $"{V3}/users/{user["id"]}", token, 204);
        await site.JsonAsync("DELETE", $"{V3}/projects/{project["id"]}", token, 204);
        await site.JsonAsync("DELETE", $"{V3}/roles/{role["id"]}", token, 204);
        await site.JsonAsync("DELETE", $"{V3}/domains/{domain["id"]}", token, 403);
        await site.JsonAsync("PATCH", $"{V3}/domains/{domain["id"]}", token, 200, """{"domain": {"enabled": false}}""");
        await site.JsonAsync("DELETE", $"{V3}/domains/{domain["id"]}", token, 204);
        await site.JsonAsync("GET", $"{V3}/users/{user["id"]}", token, 404);
    }

    [Fact]
    public async Task Versions_are_found_without_a_token_and_browsers_get_a_page()
    {
        var site = shared.Site;
        foreach (var path in new[] { "/", "/identity", "/identity/" })
        {
            var versions = await site.JsonAsync("GET", path, "", 300);
            Assert.Equal($"{site.Address}/identity/v3/", (string?)versions["versions"]!["values"]![0]!["links"]![0]!["href"]);
        }

        Assert.Equal("v3.14", (string?)(await site.JsonAsync("GET", "/identity/v3", "", 200))["version"]!["id"]);
        var volume = await site.JsonAsync("GET", "/volume", "", 300);
        Assert.Equal("3.67", (string?)volume["versions"]![0]!["version"]);
        await site.JsonAsync("GET", "/volume/v3/", "", 200);

        using var page = await site.SendAsync("GET", "/", null, null, ("Accept", "text/html,application/xhtml+xml"));
        Assert.Equal((200, "text/html"), ((int)page.StatusCode, page.Content.Headers.ContentType!.MediaType));
        Assert.Contains("console is not built yet", await page.Content.ReadAsStringAsync());
    }

    public static string PasswordRequest(string user, string password, string domain = "Default", string project = "admin") => new JsonObject
    {
        ["auth"] = new JsonObject
        {
            ["identity"] = new JsonObject
            {
                ["methods"] = new JsonArray("password"),
                ["password"] = new JsonObject
                {
                    ["user"] = new JsonObject
                    {
                        ["name"] = user,
                        ["password"] = password,
                        ["domain"] = new JsonObject { ["name"] = domain },
                    },
                },
            },
            ["scope"] = new JsonObject
            {
                ["project"] = new JsonObject { ["name"] = project, ["domain"] = new JsonObject { ["name"] = domain } },
            },
        },
    }.ToJsonString();
}
