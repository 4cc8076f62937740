using System.Text.Json.Nodes;
using Skerry.Domain.Identity;

namespace Skerry.Api.Tests.OpenStack;

public sealed class BlockStorageApiTests
{
    private const string V3 = "/volume/v3";

    [Fact]
    public async Task A_volume_goes_from_creating_to_gone_in_the_services_words()
    {
        await using var site = await ApiSite.StartAsync();
        var token = await site.TokenAsync();
        using var response = await site.SendAsync(
            "POST", $"{V3}/volumes", token, """{"volume": {"size": "1", "name": "disk", "metadata": {"k": "v"}, "imageRef": null}}""");
        Assert.Equal(202, (int)response.StatusCode);
        Assert.True(Guid.TryParseExact(response.Headers.GetValues("X-Skerry-Operation").Single(), "D", out _));
        Assert.Equal("volume 3.0", response.Headers.GetValues("OpenStack-API-Version").Single());
        var made = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["volume"]!.AsObject();
        Assert.Equal(("creating", 1, "north", "native"), (
            (string?)made["status"], (int)made["size"]!, (string?)made["availability_zone"], (string?)made["volume_type"]));
        Assert.True(Guid.TryParseExact((string?)made["id"], "D", out _));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$", (string?)made["created_at"]);
        Assert.Equal("""{"k":"v"}""", made["metadata"]!.ToJsonString());
        Assert.Equal("false", (string?)made["bootable"]);
        Assert.Null(made["updated_at"]);

        var url = $"{V3}/{WellKnown.AdminProjectId}/volumes/{made["id"]}";
        await WaitAsync(site, url, token, "available");
        Assert.Equal("north@ssd", (string?)(await site.JsonAsync("GET", url, token, 200))["volume"]!["os-vol-host-attr:host"]);

        await site.JsonAsync("POST", $"{url}/action", token, 202, """{"os-extend": {"new_size": 3}}""");
        await WaitAsync(site, url, token, "available");
        var changed = await site.JsonAsync("PUT", url, token, 200, """{"volume": {"name": "renamed", "description": "d"}}""");
        Assert.Equal((3, "renamed", "d"), (
            (int)changed["volume"]!["size"]!, (string?)changed["volume"]!["name"], (string?)changed["volume"]!["description"]));

        Assert.Equal(
            """{"metadata":{"a":"b","k":"v"}}""",
            Sorted(await site.JsonAsync("POST", $"{url}/metadata", token, 200, """{"metadata": {"a": "b"}}""")));
        await site.JsonAsync("PUT", $"{url}/metadata/k", token, 200, """{"meta": {"k": "w"}}""");
        await site.JsonAsync("DELETE", $"{url}/metadata/a", token, 200);
        await site.JsonAsync("DELETE", $"{url}/metadata/a", token, 404);
        Assert.Equal("""{"metadata":{"k":"w"}}""", (await site.JsonAsync("GET", $"{url}/metadata", token, 200)).ToJsonString());

        var snapshot = (await site.JsonAsync(
            "POST", $"{V3}/snapshots", token, 202, $$$"""{"snapshot": {"volume_id": "{{{made["id"]}}}", "name": "s", "force": true}}"""))["snapshot"]!;
        await WaitAsync(site, $"{V3}/snapshots/{snapshot["id"]}", token, "available");
        var refused = await site.JsonAsync("DELETE", url, token, 400);
        Assert.Equal(400, (int)refused["badRequest"]!["code"]!);
        Assert.Equal(
            [(string?)snapshot["id"]],
            (await site.JsonAsync("GET", $"{V3}/snapshots/detail?volume_id={made["id"]}", token, 200))["snapshots"]!.AsArray()
                .Select(entry => (string?)entry!["id"]));

        await site.JsonAsync("DELETE", $"{url}?cascade=True", token, 202);
        await WaitAsync(site, url, token, null);
        Assert.Equal(404, (int)(await site.JsonAsync("GET", url, token, 404))["itemNotFound"]!["code"]!);
    }

    [Fact]
    public async Task A_connection_is_an_nbd_address_that_ends_with_its_connector()
    {
        await using var site = await ApiSite.StartAsync();
        var token = await site.TokenAsync();
        var url = await CreateAsync(site, token, "disk");
        await site.JsonAsync("POST", $"{url}/action", token, 202, """{"os-reserve": null}""");
        await site.JsonAsync("POST", $"{url}/action", token, 400, """{"os-reserve": null}""");
        await site.JsonAsync("POST", $"{url}/action", token, 202, """{"os-unreserve": {}}""");

        const string Connector = """{"connector": {"host": "compute-1", "ip": "10.0.0.1"}}""";
        var connected = await site.JsonAsync(
            "POST", $"{url}/action", token, 200, $$$"""{"os-initialize_connection": {{{Connector}}}}""");
        var info = connected["connection_info"]!;
        Assert.Equal(("nbd", "rw"), ((string?)info["driver_volume_type"], (string?)info["data"]!["access_mode"]));
        Assert.Equal(
            $"nbd://127.0.0.1:10809/{info["data"]!["export_name"]}", (string?)info["data"]!["uri"]);
        await site.JsonAsync(
            "POST", $"{url}/action", token, 202, """{"os-attach": {"instance_uuid": "b37a", "mountpoint": "/dev/vdb", "mode": "rw"}}""");
        var attached = (await site.JsonAsync("GET", url, token, 200))["volume"]!;
        Assert.Equal(("in-use", "b37a"), ((string?)attached["status"], (string?)attached["attachments"]![0]!["server_id"]));
        await site.JsonAsync("POST", $"{url}/action", token, 400, """{"os-extend": {"new_size": 9}}""");
        await site.JsonAsync(
            "POST", $"{url}/action", token, 202, """{"os-extend": {"new_size": 9}}""", ("OpenStack-API-Version", "volume 3.42"));

        await site.JsonAsync("POST", $"{url}/action", token, 202, $$$"""{"os-terminate_connection": {{{Connector}}}}""");
        Assert.Empty(site.Site.Connections.List(TestKit.Domain.DomainSite.Admin, url[(url.LastIndexOf('/') + 1)..]).Value);
    }

    [Fact]
    public async Task Lists_come_in_pages_with_links_filters_and_order()
    {
        await using var site = await ApiSite.StartAsync();
        var token = await site.TokenAsync();
        foreach (var name in new[] { "a", "b", "c", "d", "e" })
        {
            await CreateAsync(site, token, name);
        }

        var seen = new List<string?>();
        string? next = $"{V3}/volumes?limit=2&sort=name:asc";
        while (next is not null)
        {
            var page = await site.JsonAsync("GET", next, token, 200);
            seen.AddRange(page["volumes"]!.AsArray().Select(volume => (string?)volume!["name"]));
            Assert.InRange(page["volumes"]!.AsArray().Count, 1, 2);
            next = (string?)page["volumes_links"]?[0]?["href"];
        }

        Assert.Equal(["a", "b", "c", "d", "e"], seen);
        Assert.Equal(["b"], await NamesAsync(site, token, "name=b"));
        Assert.Equal(["e", "d"], await NamesAsync(site, token, "limit=2&sort_key=name&sort_dir=desc"));
        Assert.Equal(["a"], await NamesAsync(site, token, "limit=1&sort=display_name:asc"));
        Assert.Empty(await NamesAsync(site, token, "status=error"));
        Assert.Empty(await NamesAsync(site, token, "limit=0"));
        Assert.Empty(await NamesAsync(site, token, "metadata=%7B%27k%27%3A%20%27v%27%7D"));
        Assert.Equal(5, (await NamesAsync(site, token, "metadata=%7B%7D")).Count());
        var counted = await site.JsonAsync(
            "GET", $"{V3}/volumes/detail?limit=1&with_count=true", token, 200, null, ("OpenStack-API-Version", "volume 3.45"));
        Assert.Equal(5, (int)counted["count"]!);
        var summary = await site.JsonAsync("GET", $"{V3}/volumes/summary", token, 200, null, ("OpenStack-API-Version", "volume latest"));
        Assert.Equal("""{"volume-summary":{"total_count":5,"total_size":5,"metadata":{}}}""", summary.ToJsonString());
        await site.JsonAsync("GET", $"{V3}/volumes/summary", token, 404);
    }

    [Fact]
    public async Task A_tenant_sees_its_own_volumes_and_nothing_of_how_they_are_kept()
    {
        await using var site = await ApiSite.StartAsync();
        var admin = await site.TokenAsync();
        var ann = await site.AddUserAsync("ann");
        var bob = await site.AddUserAsync("bob");
        var reader = await site.AddUserAsync("rea", "reader");
        var url = await CreateAsync(site, ann, "hers");

        var shown = (await site.JsonAsync("GET", url, ann, 200, null, ("OpenStack-API-Version", "volume 3.67")))["volume"]!.AsObject();
        Assert.DoesNotContain(
            shown,
            member => member.Key.StartsWith("os-vol-host", StringComparison.Ordinal) || member.Key.StartsWith("os-vol-mig", StringComparison.Ordinal)
                || member.Key is "provider_id" or "cluster_name");
        Assert.DoesNotContain("ssd", shown.ToJsonString());
        foreach (var (method, path, body) in new[]
                 {
                     ("GET", url, null),
                     ("PUT", url, """{"volume": {"name": "his"}}"""),
                     ("DELETE", url, null),
                     ("POST", $"{url}/action", """{"os-extend": {"new_size": 2}}"""),
                     ("POST", $"{url}/action", """{"os-initialize_connection": {"connector": {"host": "x"}}}"""),
                     ("GET", $"{url}/metadata", null),
                     ("POST", $"{V3}/snapshots", $$$"""{"snapshot": {"volume_id": "{{{url[(url.LastIndexOf('/') + 1)..]}}}"}}"""),
                 })
        {
            await site.JsonAsync(method, path, bob, 404, body);
        }

        Assert.Empty(await NamesAsync(site, bob, "all_tenants=1"));
        Assert.Empty(await NamesAsync(site, admin, ""));
        Assert.Equal(["hers"], await NamesAsync(site, admin, "all_tenants=1"));
        await site.JsonAsync("GET", url, admin, 200);
        await site.JsonAsync("POST", $"{V3}/volumes", reader, 403, """{"volume": {"size": 1}}""");
        await site.JsonAsync("POST", $"{url}/action", ann, 403, """{"os-reset_status": {"status": "error"}}""");
        await site.JsonAsync("POST", $"{url}/action", ann, 403, """{"os-force_delete": {}}""");
        await site.JsonAsync("GET", $"{V3}/os-services", ann, 403);
        await site.JsonAsync("POST", $"{V3}/types", ann, 403, """{"volume_type": {"name": "x"}}""");
        await site.JsonAsync("PUT", $"{V3}/os-quota-sets/x", ann, 403, """{"quota_set": {"volumes": 99}}""");

        // The path names a project, and the token must be for it.
        await site.JsonAsync("GET", $"{V3}/{WellKnown.AdminProjectId}/volumes", ann, 400);
    }

    [Fact]
    public async Task Over_quota_is_413_and_says_which_quota()
    {
        await using var site = await ApiSite.StartAsync();
        var admin = await site.TokenAsync();
        var ann = await site.AddUserAsync("ann");
        var project = site.Service<TokenService>().Verify(ann).Value.Project!.Id;
        await site.JsonAsync("PUT", $"{V3}/os-quota-sets/{project}", admin, 200, """{"quota_set": {"volumes": 1, "gigabytes": 5}}""");
        await site.JsonAsync("POST", $"{V3}/volumes", ann, 413, """{"volume": {"size": 6}}""");
        await CreateAsync(site, ann, "only");
        var refused = await site.JsonAsync("POST", $"{V3}/volumes", ann, 413, """{"volume": {"size": 1}}""");
        Assert.Equal(("0", 413), ((string?)refused["overLimit"]!["retryAfter"], (int)refused["overLimit"]!["code"]!));
        Assert.Contains("volumes", (string?)refused["overLimit"]!["message"]);
        var used = await site.JsonAsync("GET", $"{V3}/os-quota-sets/{project}?usage=True", ann, 200);
        Assert.Equal("""{"limit":1,"in_use":1,"reserved":0,"allocated":0}""", used["quota_set"]!["volumes"]!.ToJsonString());
        var limits = (await site.JsonAsync("GET", $"{V3}/limits", ann, 200))["limits"]!["absolute"]!;
        Assert.Equal((5, 1), ((int)limits["maxTotalVolumeGigabytes"]!, (int)limits["totalGigabytesUsed"]!));
    }

    [Fact]
    public async Task Qos_specs_answer_in_the_services_words()
    {
        await using var site = await ApiSite.StartAsync();
        var token = await site.TokenAsync();
        var url = $"{V3}/{WellKnown.AdminProjectId}/qos-specs";
        var made = await site.JsonAsync(
            "POST", url, token, 200, """{"qos_specs": {"name": "slow", "consumer": "front-end", "total_iops_sec": "100"}}""");
        var id = (string)made["qos_specs"]!["id"]!;
        Assert.Equal($$$"""{"id":"{{{id}}}","name":"slow","consumer":"front-end","specs":{"total_iops_sec":"100"}}""", made["qos_specs"]!.ToJsonString());
        Assert.Equal("self", (string?)made["links"]![0]!["rel"]);
        Assert.Equal(made["qos_specs"]!.ToJsonString(), (await site.JsonAsync("GET", url, token, 200))["qos_specs"]![0]!.ToJsonString());
        Assert.Equal(
            """{"qos_specs":{"read_bytes_sec":"5"}}""", (await site.JsonAsync("PUT", $"{url}/{id}", token, 200, """{"qos_specs": {"read_bytes_sec": "5"}}""")).ToJsonString());
        await site.JsonAsync("PUT", $"{url}/{id}/delete_keys", token, 202, """{"keys": ["total_iops_sec"]}""");
        Assert.Equal(
            """{"read_bytes_sec":"5"}""", (await site.JsonAsync("GET", $"{url}/{id}", token, 200))["qos_specs"]!["specs"]!.ToJsonString());

        var type = (await site.JsonAsync("GET", $"{V3}/types/default", token, 200))["volume_type"]!;
        await site.JsonAsync("GET", $"{url}/{id}/associate?vol_type_id={type["id"]}", token, 202);
        Assert.Equal(
            $$"""[{"association_type":"volume_type","id":"{{type["id"]}}","name":"native"}]""",
            (await site.JsonAsync("GET", $"{url}/{id}/associations", token, 200))["qos_associations"]!.ToJsonString());
        Assert.Equal(id, (string?)(await site.JsonAsync("GET", $"{V3}/types/default", token, 200))["volume_type"]!["qos_specs_id"]);
        await site.JsonAsync("DELETE", $"{url}/{id}", token, 400);

        await site.JsonAsync("POST", url, token, 409, """{"qos_specs": {"name": "slow"}}""");
        await site.JsonAsync("POST", url, token, 400, """{"qos_specs": {"name": "x", "consumer": "back-end"}}""");
        await site.JsonAsync("POST", url, token, 400, """{"qos_specs": {"name": "x", "total_iops": "5"}}""");
        await site.JsonAsync("POST", url, token, 400, """{"qos_specs": {"total_iops_sec": "5"}}""");
        await site.JsonAsync("POST", url, token, 400, """{"qos_specs": {"name": "x", "total_iops_sec": 5}}""");
        await site.JsonAsync("POST", url, token, 400, """{"qos_specs": "slow"}""");
        await site.JsonAsync("PUT", $"{url}/{id}/delete_keys", token, 400, """{"keys": ["nothing"]}""");
        await site.JsonAsync("GET", $"{url}/{id}/associate", token, 400);
        await site.JsonAsync("GET", $"{url}/{id}/associate?vol_type_id=nothing", token, 404);
        await site.JsonAsync("GET", $"{url}/nothing", token, 404);
        var ann = await site.AddUserAsync("ann");
        await site.JsonAsync("GET", $"{V3}/qos-specs", ann, 403);
        await site.JsonAsync("POST", $"{V3}/qos-specs", ann, 403, """{"qos_specs": {"name": "mine"}}""");

        await site.JsonAsync("GET", $"{url}/{id}/disassociate?vol_type_id={type["id"]}", token, 202);
        await site.JsonAsync("GET", $"{url}/{id}/disassociate_all", token, 202);
        await site.JsonAsync("DELETE", $"{url}/{id}?force=False", token, 202);
    }

    [Fact]
    public async Task Types_and_the_lists_that_clients_ask_for_are_there()
    {
        await using var site = await ApiSite.StartAsync();
        var token = await site.TokenAsync();
        var type = (await site.JsonAsync(
            "POST", $"{V3}/types", token, 200, """{"volume_type": {"name": "fast", "extra_specs": {"volume_backend_name": "ssd"}}}"""))["volume_type"]!;
        Assert.Equal("ssd", (string?)type["extra_specs"]!["volume_backend_name"]);
        Assert.Equal("native", (string?)(await site.JsonAsync("GET", $"{V3}/types/default", token, 200))["volume_type"]!["name"]);
        var ann = await site.AddUserAsync("ann");
        Assert.Null((await site.JsonAsync("GET", $"{V3}/types/{type["id"]}", ann, 200))["volume_type"]!["extra_specs"]);
        var specs = $"{V3}/types/{type["id"]}/extra_specs";
        await site.JsonAsync("POST", specs, token, 200, """{"extra_specs": {"a": "b", "c": "d"}}""");
        await site.JsonAsync("PUT", $"{specs}/c", token, 200, """{"c": "e"}""");
        await site.JsonAsync("PUT", $"{specs}/c", token, 400, """{"x": "e"}""");
        await site.JsonAsync("DELETE", $"{specs}/a", token, 202);
        await site.JsonAsync("DELETE", $"{specs}/a", token, 404);
        await site.JsonAsync("GET", $"{specs}/a", token, 404);
        Assert.Equal("""{"c":"e"}""", (await site.JsonAsync("GET", $"{specs}/c", token, 200)).ToJsonString());
        Assert.Equal("""{"extra_specs":{}}""", (await site.JsonAsync("GET", specs, ann, 200)).ToJsonString());
        await site.JsonAsync("POST", specs, ann, 403, """{"extra_specs": {"a": "b"}}""");
        await site.JsonAsync("PUT", $"{V3}/types/{type["id"]}", token, 200, """{"volume_type": {"name": "faster"}}""");
        await site.JsonAsync("PUT", $"{V3}/types/{type["id"]}", token, 409, """{"volume_type": {"name": "native"}}""");
        await site.JsonAsync("DELETE", $"{V3}/types/{type["id"]}", token, 202);
        Assert.Single((await site.JsonAsync("GET", $"{V3}/types", token, 200))["volume_types"]!.AsArray());
        await site.JsonAsync("GET", $"{V3}/extensions", token, 200);
        await site.JsonAsync("GET", $"{V3}/messages", token, 200);
        var zones = await site.JsonAsync("GET", $"{V3}/os-availability-zone", ann, 200);
        Assert.Equal(
            """{"availabilityZoneInfo":[{"zoneName":"north","zoneState":{"available":true}}]}""", zones.ToJsonString());
        var services = (await site.JsonAsync("GET", $"{V3}/os-services", token, 200))["services"]!.AsArray();
        Assert.Equal(("north@ssd", "up"), ((string?)services.Single()!["host"], (string?)services.Single()!["state"]));
    }

    [Fact]
    public async Task A_type_makes_its_volumes_encrypted_in_the_one_way_that_there_is()
    {
        await using var site = await ApiSite.StartAsync();
        var token = await site.TokenAsync();
        var ann = await site.AddUserAsync("ann");
        var type = (await site.JsonAsync("POST", $"{V3}/types", token, 200, """{"volume_type": {"name": "secret"}}"""))["volume_type"]!;
        var encryption = $"{V3}/types/{type["id"]}/encryption";
        Assert.Equal("{}", (await site.JsonAsync("GET", encryption, token, 200)).ToJsonString());
        foreach (var other in (string[])[
            "\"cipher\": \"aes-xts-plain64\"", "\"key_size\": 128", "\"control_location\": \"front-end\""])
        {
            await site.JsonAsync("POST", encryption, token, 400, $$$"""{"encryption": {"provider": "luks", {{{other}}}}}""");
        }

        const string wanted = """{"encryption": {"provider": "skerry", "cipher": null, "key_size": 256, "control_location": "back-end"}}""";
        await site.JsonAsync("POST", encryption, ann, 403, wanted);
        var made = (await site.JsonAsync("POST", encryption, token, 200, wanted))["encryption"]!;
        Assert.Equal(("skerry", "aes-gcm", 256), ((string?)made["provider"], (string?)made["cipher"], (int)made["key_size"]!));
        await site.JsonAsync("POST", encryption, token, 409, wanted);
        await site.JsonAsync("GET", encryption, ann, 403);
        Assert.Equal("""{"cipher":"aes-gcm"}""", (await site.JsonAsync("GET", $"{encryption}/cipher", token, 200)).ToJsonString());
        var secret = await site.JsonAsync("POST", $"{V3}/volumes", ann, 202, """{"volume": {"size": 1, "volume_type": "secret"}}""");
        Assert.True((bool)secret["volume"]!["encrypted"]!);
        await site.JsonAsync("DELETE", $"{encryption}/{Guid.NewGuid()}", token, 404);
        await site.JsonAsync("DELETE", $"{encryption}/{made["encryption_id"]}", token, 202);
        Assert.Equal("{}", (await site.JsonAsync("GET", encryption, token, 200)).ToJsonString());
        var plain = await site.JsonAsync("POST", $"{V3}/volumes", ann, 202, """{"volume": {"size": 1, "volume_type": "secret"}}""");
        Assert.False((bool)plain["volume"]!["encrypted"]!);
    }

    /// <summary>Makes a volume of 1 GiB and waits until it is there.</summary>
    private static async Task<string> CreateAsync(ApiSite site, string token, string name)
    {
        var made = await site.JsonAsync("POST", $"{V3}/volumes", token, 202, $$$"""{"volume": {"size": 1, "name": "{{{name}}}"}}""");
        var url = $"{V3}/volumes/{made["volume"]!["id"]}";
        await WaitAsync(site, url, token, "available");
        return url;
    }

    /// <summary>Null waits until it is gone.</summary>
    private static async Task WaitAsync(ApiSite site, string url, string token, string? status)
    {
        var last = "";
        for (var i = 0; i < 1000; i++)
        {
            using var response = await site.SendAsync("GET", url, token);
            last = await response.Content.ReadAsStringAsync();
            var now = (int)response.StatusCode == 200 ? (string?)JsonNode.Parse(last)!.AsObject().Single().Value!["status"] : null;
            if (now == status)
            {
                return;
            }

            await Task.Delay(10);
        }

        Assert.Fail($"{url} did not become {status ?? "gone"}: {last}");
    }

    private static async Task<IEnumerable<string?>> NamesAsync(ApiSite site, string token, string query) =>
        (await site.JsonAsync("GET", $"{V3}/volumes?{query}", token, 200))["volumes"]!.AsArray().Select(volume => (string?)volume!["name"]);

    private static string Sorted(JsonObject body)
    {
        var metadata = body["metadata"]!.AsObject().OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone()));
        return new JsonObject { ["metadata"] = new JsonObject(metadata) }.ToJsonString();
    }
}
