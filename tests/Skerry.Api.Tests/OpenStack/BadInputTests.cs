using System.Text;
using System.Text.Json.Nodes;

namespace Skerry.Api.Tests.OpenStack;

/// <summary>Whatever comes in, the answer has the right status and names what is wrong, and nothing is changed.</summary>
public sealed class BadInputTests
{
    private const string V3 = "/volume/v3";

    private static readonly string Nothing = Guid.NewGuid().ToString();

    public static TheoryData<string, string, string?, int, string> Requests { get; } = new()
    {
        { "POST", "/volumes", "", 400, "JSON" },
        { "POST", "/volumes", "{\"volume\": {\"size\": 1}", 400, "JSON" },
        { "POST", "/volumes", "{\"volume\": {\"size\": 1}} x", 400, "JSON" },
        { "POST", "/volumes", "{\"volume\": \"\xff\"}", 400, "volume must be an object" },
        { "POST", "/volumes", new string('[', 500), 400, "nested deeper" },
        { "POST", "/volumes", "{}", 400, "'volume' is a required property" },
        { "POST", "/volumes", "[]", 400, "body must be an object" },
        { "POST", "/volumes", """{"volume": null}""", 400, "'volume' is a required property" },
        { "POST", "/volumes", """{"volume": [1]}""", 400, "volume must be an object" },
        { "POST", "/volumes", """{"volume": {}}""", 400, "size" },
        { "POST", "/volumes", """{"volume": {"size": null}}""", 400, "size" },
        { "POST", "/volumes", """{"volume": {"size": 0}}""", 400, "size" },
        { "POST", "/volumes", """{"volume": {"size": -1}}""", 400, "size" },
        { "POST", "/volumes", """{"volume": {"size": 1.5}}""", 400, "size" },
        { "POST", "/volumes", """{"volume": {"size": "big"}}""", 400, "size" },
        { "POST", "/volumes", """{"volume": {"size": true}}""", 400, "size" },
        { "POST", "/volumes", """{"volume": {"size": 99999999999999999999}}""", 400, "size" },
        { "POST", "/volumes", """{"volume": {"size": 1, "name": 5}}""", 400, "name" },
        { "POST", "/volumes", """{"volume": {"size": 1, "name": "\ud800"}}""", 400, "name" },
        { "POST", "/volumes", """{"volume": {"size": 1, "name": "LONG"}}""", 400, "name" },
        { "POST", "/volumes", """{"volume": {"size": 1, "description": []}}""", 400, "description" },
        { "POST", "/volumes", """{"volume": {"size": 1, "metadata": "k=v"}}""", 400, "metadata" },
        { "POST", "/volumes", """{"volume": {"size": 1, "metadata": {"k": 1}}}""", 400, "metadata.k" },
        { "POST", "/volumes", """{"volume": {"size": 1, "metadata": {"": "v"}}}""", 400, "metadata" },
        { "POST", "/volumes", """{"volume": {"size": 1, "metadata": {"\ud800": "v"}}}""", 400, "metadata" },
        { "POST", "/volumes", """{"volume": {"size": 1, "metadata": {"k": "LONG"}}}""", 400, "metadata" },
        { "POST", "/volumes", """{"volume": {"size": 1, "volume_type": "none"}}""", 400, "none" },
        { "POST", "/volumes", """{"volume": {"size": 1, "availability_zone": "mars"}}""", 400, "mars" },
        { "POST", "/volumes", """{"volume": {"size": 1, "imageRef": "abc"}}""", 400, "imageRef" },
        { "POST", "/volumes", """{"volume": {"size": 1, "multiattach": true}}""", 400, "multiattach" },
        { "GET", "/volumes?limit=x", null, 400, "limit" },
        { "GET", "/volumes?limit=-1", null, 400, "limit" },
        { "GET", "/volumes?offset=-1", null, 400, "offset" },
        { "GET", "/volumes?marker=none", null, 400, "marker" },
        { "GET", "/volumes?colour=red", null, 400, "colour" },
        { "GET", "/volumes?sort=colour", null, 400, "colour" },
        { "GET", "/volumes?sort=name:up", null, 400, "name:up" },
        { "GET", "/volumes?metadata=x", null, 400, "metadata" },
        { "GET", $"/volumes/{Nothing}", null, 404, Nothing },
        { "GET", "/volumes?metadata={'k':'v'", null, 400, "metadata" },
        { "GET", "/volumes?metadata={'k':'v',}", null, 400, "metadata" },
        { "GET", "/volumes/%01", null, 404, "could not be found" },
        { "PUT", $"/volumes/{Nothing}", """{"volume": {"name": "x"}}""", 404, Nothing },
        { "DELETE", $"/volumes/{Nothing}", null, 404, Nothing },
        { "POST", $"/volumes/{Nothing}/action", """{"os-extend": {"new_size": 2}}""", 404, Nothing },
        { "POST", $"/volumes/{Nothing}/action", """{"os-fly": {}}""", 400, "no such action: os-fly" },
        { "POST", $"/volumes/{Nothing}/action", """{"os-extend": {}, "os-attach": {}}""", 400, "one member" },
        { "POST", $"/volumes/{Nothing}/action", """{"os-extend": {}}""", 400, "new_size" },
        { "POST", $"/volumes/{Nothing}/action", """{"os-extend": 5}""", 400, "os-extend must be an object" },
        { "POST", $"/volumes/{Nothing}/action", """{"os-initialize_connection": {}}""", 400, "connector" },
        { "POST", $"/volumes/{Nothing}/action", """{"os-attach": {"mountpoint": "/dev/vdb"}}""", 400, "instance_uuid" },
        { "POST", "/snapshots", """{"snapshot": {}}""", 400, "volume_id" },
        { "POST", "/snapshots", "{\"snapshot\": {\"volume_id\": \"none\"}}", 404, "none" },
        { "GET", $"/snapshots/{Nothing}", null, 404, Nothing },
        { "GET", "/types/none", null, 404, "none" },
        { "POST", "/types", """{"volume_type": {}}""", 400, "name" },
        { "PUT", "/os-quota-sets/x", """{"quota_set": {"volumes": "many"}}""", 400, "volumes" },
        { "PUT", "/os-quota-sets/x", """{"quota_set": {"chairs": 4}}""", 400, "chairs" },
        { "GET", "/backups", null, 404, "could not be found" },
        { "GET", "/no/such/thing", null, 404, "could not be found" },
        { "PATCH", "/volumes", "{}", 404, "could not be found" },
    };

    [Fact]
    public async Task Wrong_requests_are_told_what_is_wrong_and_change_nothing()
    {
        await using var site = await ApiSite.StartAsync();
        var token = await site.TokenAsync();
        var vector = site.Site.Replica.Vector;
        var failures = new List<string>();
        foreach (var (method, path, body, status, message) in Requests.Select(row => row.Data))
        {
            using var response = await site.SendAsync(method, V3 + path, token, body?.Replace("LONG", new string('x', 300)));
            var text = await response.Content.ReadAsStringAsync();
            var fault = TryParse(text);
            if ((int)response.StatusCode != status
                || fault is null
                || (int?)fault["code"] != status
                || (string?)fault["message"] is not { } told
                || !told.Contains(message, StringComparison.Ordinal)
                || text.Contains("   at ", StringComparison.Ordinal))
            {
                failures.Add($"{method} {path} {body}\n  wanted {status} '{message}', got {(int)response.StatusCode} {text}");
            }
        }

        Assert.True(failures.Count == 0, string.Join("\n", failures));
        Assert.Equal(vector, site.Site.Replica.Vector);
    }

    [Fact]
    public async Task Without_a_good_token_nothing_is_told()
    {
        await using var site = await ApiSite.StartAsync();
        var good = await site.TokenAsync();
        var ann = await site.AddUserAsync("ann");
        await site.Service<Skerry.Domain.Identity.TokenService>().RevokeAsync(
            TestKit.Domain.DomainSite.Admin, ann, CancellationToken.None);
        var tokens = new[]
        {
            null, "", "x", good[..^2] + "AA", good + good, await site.ExpiredTokenAsync(), await site.ForgedTokenAsync(), ann,
            new string('A', 4000),
        };
        foreach (var token in tokens)
        {
            foreach (var path in new[] { $"{V3}/volumes", $"{V3}/no/such/thing", "/identity/v3/users", "/identity/v3/auth/tokens" })
            {
                using var response = await site.SendAsync("GET", path, token);
                Assert.Equal((401, path), ((int)response.StatusCode, path));
                Assert.StartsWith("Keystone uri=", response.Headers.WwwAuthenticate.ToString());
                var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
                Assert.Equal("The request you have made requires authentication.", (string?)error["message"]);
            }
        }
    }

    [Fact]
    public async Task A_body_too_large_or_of_another_type_is_refused()
    {
        await using var site = await ApiSite.StartAsync();
        var token = await site.TokenAsync();
        var huge = "{\"volume\": {\"size\": 1, \"description\": \"" + new string('x', 200_000) + "\"}}";
        var refused = await site.JsonAsync("POST", $"{V3}/volumes", token, 413, huge);
        Assert.Contains("larger than", (string?)refused["overLimit"]!["message"]);

        using var request = new HttpRequestMessage(HttpMethod.Post, $"{V3}/volumes");
        request.Headers.Add("X-Auth-Token", token);
        request.Content = new StringContent("<volume size='1'/>", Encoding.UTF8, "application/xml");
        using var response = await site.Http.SendAsync(request);
        Assert.Equal(415, (int)response.StatusCode);
    }

    private static JsonNode? TryParse(string text)
    {
        try
        {
            return JsonNode.Parse(text)!.AsObject().Single().Value;
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
