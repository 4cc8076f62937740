using System.Text.Json.Nodes;

namespace Skerry.Api.Tests.Native;

public sealed class OpenApiTests
{
    [Fact]
    public async Task The_document_describes_every_endpoint_of_this_api_and_no_other()
    {
        await using var site = await NativeSite.StartAsync();
        var document = JsonNode.Parse(await site.Api.Http.GetStringAsync("/skerry/v1/openapi.json"))!;
        var paths = document["paths"]!.AsObject();
        Assert.All(paths, path => Assert.StartsWith("/skerry/v1", path.Key));
        Assert.Equal(["get", "post"], paths["/skerry/v1/volumes"]!.AsObject().Select(p => p.Key).Order());
        Assert.Equal(["delete", "get", "patch"], paths["/skerry/v1/volumes/{id}"]!.AsObject().Select(p => p.Key).Order());
        Assert.Equal(["get", "post"], paths["/skerry/v1/volumes/{id}/failover"]!.AsObject().Select(p => p.Key).Order());
        foreach (var path in (string[])["/sites/join", "/replications/{id}/sync", "/operations/{id}", "/conflicts/{id}/resolve", "/snapshots"])
        {
            Assert.True(paths.ContainsKey("/skerry/v1" + path), path);
        }

        var volume = document["components"]!["schemas"]!["VolumeRecord"]!["properties"]!.AsObject();
        Assert.True(volume.ContainsKey("size_gib"));
        Assert.True(volume.ContainsKey("replication_status"));
        Assert.NotNull(paths["/skerry/v1/volumes"]!["post"]!["requestBody"]!["content"]!["application/json"]!["schema"]);
        Assert.Equal("X-Auth-Token", (string)document["components"]!["securitySchemes"]!["token"]!["name"]!);
    }
}
