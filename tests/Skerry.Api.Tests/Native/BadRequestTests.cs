using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Skerry.Api.Tests.Native;

/// <summary>Wrong requests to every resource: each is refused with its kind, its field and a message, and changes nothing.</summary>
public sealed class BadRequestTests(NativeSiteFixture fixture) : IClassFixture<NativeSiteFixture>
{
    private readonly NativeSite _site = fixture.Site;

    public static TheoryData<string, string, string?, int, string, string?> Requests => new()
    {
        { "POST", "/volumes", "{\"name\": \"v\", \"size_gib\": 0}", 400, "invalid", "size_gib" },
        { "POST", "/volumes", "{\"name\": \"v\", \"size_gib\": -1}", 400, "invalid", "size_gib" },
        { "POST", "/volumes", "{\"name\": \"v\", \"size_gib\": \"two\"}", 400, "invalid", "size_gib" },
        { "POST", "/volumes", "{\"name\": \"v\", \"size_gib\": 1.5}", 400, "invalid", "size_gib" },
        { "POST", "/volumes", "{\"name\": \"v\", \"size_gib\": 99999999999999}", 400, "invalid", "size_gib" },
        { "POST", "/volumes", "{\"name\": 7, \"size_gib\": 1}", 400, "invalid", "name" },
        { "POST", "/volumes", "{\"name\": \"v\", \"size_gib\": 1, \"colour\": \"red\"}", 400, "invalid", "body" },
        { "POST", "/volumes", "{\"name\": \"v\", \"size_gib\": 1, \"metadata\": {\"a\": 1}}", 400, "invalid", "metadata" },
        { "POST", "/volumes", "{\"name\": \"v\", \"size_gib\": 1, \"type\": \"gold\"}", 400, "invalid", "type" },
        { "POST", "/volumes", "{\"name\": \"v\", \"size_gib\": 1, \"site\": \"atlantis\"}", 400, "invalid", "site" },
        { "POST", "/volumes", "{\"name\": \"v\", \"size_gib\": 2000}", 413, "quota", null },
        { "POST", "/volumes", "{\"name\": ", 400, "invalid", "body" },
        { "POST", "/volumes", "[1, 2]", 400, "invalid", "body" },
        { "POST", "/volumes", "", 400, "invalid", "body" },
        { "GET", "/volumes/none", null, 404, "not_found", null },
        { "GET", "/volumes?all_projects=perhaps", null, 400, "invalid", "all_projects" },
        { "DELETE", "/volumes/none?cascade=perhaps", null, 400, "invalid", "cascade" },
        { "GET", "/volumes/none/failover?force=perhaps", null, 400, "invalid", "force" },
        { "GET", "/volumes/none/failover", null, 404, "not_found", null },
        { "POST", "/volumes/none/promote", "{}", 404, "not_found", null },
        { "POST", "/volumes/none/resync", "{}", 404, "not_found", null },
        { "GET", "/snapshots?all_projects=perhaps", null, 400, "invalid", "all_projects" },
        { "GET", "/events/journal?kind=volume.lost", null, 400, "invalid", "kind" },
        { "GET", "/events/journal?since=yesterday", null, 400, "invalid", "since" },
        { "GET", "/events/journal?marker=none", null, 400, "invalid", "marker" },
        { "GET", "/volumes?limit=some", null, 400, "invalid", "limit" },
        { "GET", "/volumes?marker=none", null, 400, "invalid", "marker" },
        { "PATCH", "/volumes/none", "{\"name\": \"x\"}", 404, "not_found", null },
        { "DELETE", "/volumes/none", null, 404, "not_found", null },
        { "POST", "/volumes/none/extend", "{}", 400, "invalid", "size_gib" },
        { "POST", "/volumes/none/extend", "{\"size_gib\": 2}", 404, "not_found", null },
        { "POST", "/volumes/none/connections", "{}", 404, "not_found", null },
        { "POST", "/volumes/none/connections", "{\"read_only\": \"perhaps\"}", 400, "invalid", "read_only" },
        { "GET", "/volumes/none/connections", null, 404, "not_found", null },
        { "POST", "/volumes/none/demote", "{\"to\": \"south\"}", 400, "invalid", "to" },
        { "POST", "/volumes/none/failback", "{\"force\": true}", 400, "invalid", "force" },
        { "POST", "/volumes/none/failover", "{\"force\": \"very\"}", 400, "invalid", "force" },
        { "POST", "/snapshots", "{\"name\": \"s\"}", 400, "invalid", "volume_id" },
        { "POST", "/snapshots", "{\"volume_id\": \"none\"}", 404, "not_found", null },
        { "GET", "/snapshots/none", null, 404, "not_found", null },
        { "GET", "/snapshots/none/diff", null, 404, "not_found", null },
        { "GET", "/snapshots/none/diff?offset_bytes=1k", null, 400, "invalid", "offset_bytes" },
        { "POST", "/snapshots/none/connections", "{}", 404, "not_found", null },
        { "POST", "/replications", "{\"target_site\": \"south\"}", 400, "invalid", "volume_id" },
        { "POST", "/replications", "{\"volume_id\": \"none\", \"target_site\": \"south\"}", 404, "not_found", null },
        { "POST", "/replications", "{\"volume_id\": \"none\", \"target_site\": \"south\", \"start_at\": \"soon\"}", 400, "invalid", "start_at" },
        { "GET", "/replications/none", null, 404, "not_found", null },
        { "POST", "/replications/none/sync", null, 404, "not_found", null },
        { "POST", "/replications/none/pause", null, 404, "not_found", null },
        { "DELETE", "/replications/none", null, 404, "not_found", null },
        { "GET", "/operations/none", null, 404, "not_found", null },
        { "GET", "/operations/none?wait=31", null, 400, "invalid", "wait" },
        { "GET", "/operations?status=done", null, 400, "invalid", "status" },
        { "GET", "/operations?status=1", null, 400, "invalid", "status" },
        { "GET", "/operations?site=atlantis", null, 404, "not_found", null },
        { "POST", "/operations/none/cancel", null, 404, "not_found", null },
        { "GET", "/conflicts/volume%2Fnone%2Fname", null, 404, "not_found", null },
        { "POST", "/conflicts/volume%2Fnone%2Fname/resolve", "{}", 400, "invalid", "choice" },
        { "POST", "/conflicts/volume%2Fnone%2Fname/resolve", "{\"choice\": 0, \"value\": 1}", 400, "invalid", "value" },
        { "POST", "/conflicts/volume%2Fnone%2Fname/resolve", "{\"choice\": 0}", 404, "not_found", null },
        { "GET", "/sites/atlantis", null, 404, "not_found", null },
        { "POST", "/sites/atlantis/fence", "{}", 404, "not_found", null },
        { "POST", "/sites/atlantis/disconnect", "{\"reason\": 1}", 400, "invalid", "reason" },
        { "POST", "/sites/join", "{}", 400, "invalid", "token" },
        { "POST", "/sites/join", "{\"token\": \"not-an-invitation\"}", 400, "invalid", "token" },
        { "POST", "/sites/invite", "{\"valid_seconds\": -1}", 400, "invalid", null },
        { "DELETE", "/invitations/none", null, 404, "not_found", null },
        { "GET", "/nowhere", null, 404, "not_found", null },
        { "PUT", "/volumes", "{}", 404, "not_found", null },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_wrong_request_is_refused_in_words(string method, string path, string? body, int status, string kind, string? field)
    {
        var error = (await _site.Api.JsonAsync(method, "/skerry/v1" + path, await _site.Api.TokenAsync(), status, body))["error"]!;
        Assert.Equal((status, kind), ((int)error["code"]!, (string)error["kind"]!));
        Assert.NotEqual("", (string)error["message"]!);
        if (field is not null)
        {
            Assert.Equal(field, (string?)error["field"]);
        }

        Assert.Empty(_site.Api.Site.Volumes.List(TestKit.Domain.DomainSite.Admin, new Domain.Volumes.VolumeFilter()));
    }

    [Theory]
    [InlineData("GET", "/volumes")]
    [InlineData("GET", "")]
    [InlineData("GET", "/events")]
    [InlineData("GET", "/nowhere")]
    [InlineData("POST", "/sites/join")]
    public async Task Nothing_is_told_or_done_without_a_good_token(string method, string path)
    {
        foreach (var token in (string?[])[null, "nonsense", await _site.Api.ExpiredTokenAsync(), await _site.Api.ForgedTokenAsync()])
        {
            var error = (await _site.Api.JsonAsync(method, "/skerry/v1" + path, token!, 401, method == "POST" ? "{}" : null))["error"]!;
            Assert.Equal("not_authenticated", (string)error["kind"]!);
        }
    }

    [Fact]
    public async Task A_body_of_another_type_and_one_that_is_too_large_are_refused()
    {
        var token = await _site.Api.TokenAsync();
        using var plain = new HttpRequestMessage(HttpMethod.Post, "/skerry/v1/volumes") { Content = new StringContent("name=v", Encoding.UTF8, "text/plain") };
        plain.Headers.Add("X-Auth-Token", token);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await _site.Api.Http.SendAsync(plain)).StatusCode);
        var large = new JsonObject { ["name"] = "v", ["size_gib"] = 1, ["description"] = new string('x', 200_000) };
        var error = await _site.Api.JsonAsync("POST", "/skerry/v1/volumes", token, 413, large.ToJsonString());
        Assert.Contains("larger", (string)error["error"]!["message"]!);
    }

    [Theory]
    [InlineData("GET", "/replications", 200)]
    [InlineData("GET", "/site-links", 403)]
    [InlineData("GET", "/invitations", 403)]
    [InlineData("GET", "/events", 403)]
    [InlineData("POST", "/sites/invite", 403)]
    [InlineData("POST", "/sites/north/fence", 403)]
    public async Task What_is_for_administrators_is_not_for_tenants(string method, string path, int status)
    {
        var token = await _site.Api.AddUserAsync("anna" + Guid.NewGuid().ToString("N"));
        var answer = await _site.Api.JsonAsync(method, "/skerry/v1" + path, token, status, method == "POST" ? "{}" : null);
        if (status == 403)
        {
            Assert.Equal("not_allowed", (string)answer["error"]!["kind"]!);
        }
        else
        {
            Assert.Empty(answer["replications"]!.AsArray());
        }
    }
}

/// <summary>One site for requests that change nothing.</summary>
public sealed class NativeSiteFixture : IAsyncLifetime
{
    internal NativeSite Site { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Site = await NativeSite.StartAsync();

    public async ValueTask DisposeAsync() => await Site.DisposeAsync();
}
