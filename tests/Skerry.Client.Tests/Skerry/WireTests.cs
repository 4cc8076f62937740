using System.Net;
using System.Text.Json;
using Skerry.Client.Native;
using Skerry.Client.Native.Wire;

namespace Skerry.Client.Tests;

public sealed class WireTests
{
    /// <summary>Bytes of the first version, which later ones must read: new names are passed over, missing ones are null.</summary>
    [Fact]
    public void Records_of_another_version_are_read()
    {
        const string Older = """{"volume": {"id": "v", "size_gib": 2, "status": "available", "colour": {"of": ["a", "later", "version"]}}}""";
        var volume = JsonSerializer.Deserialize(Older, SkerryJson.Default.VolumeReply)!.Volume;
        Assert.Equal(("v", 2, "available"), (volume.Id, volume.SizeGib, volume.Status));
        Assert.Null(volume.Metadata);
    }

    [Fact]
    public void Names_are_snake_case_and_nulls_are_written()
    {
        var text = JsonSerializer.Serialize(
            new ReplicationCreateRequest { VolumeId = "v", TargetSite = "south", Mode = "periodic", IntervalSeconds = 900 }, SkerryJson.Default.ReplicationCreateRequest);
        Assert.Equal(
            """{"volume_id":"v","target_site":"south","target_backend":null,"from_site":null,"adopt":null,"ciphertext_only":null,"mode":"periodic","interval_seconds":900,"start_at":null,"at":null,"days":null,"time_zone":null,"keep_source":null,"keep_target":null,"on_return":null,"ack":null,"on_isolation":null,"failover":null}""",
            text);
    }

    [Theory]
    [InlineData(409, """{"error": {"code": 409, "kind": "state", "message": "m", "next_step": "n", "field": "f"}}""", "state", "m", "n", "f")]
    [InlineData(401, """{"error": {"code": 401, "title": "Unauthorized", "message": "m"}}""", "not_authenticated", "m", null, null)]
    [InlineData(404, """{"itemNotFound": {"code": 404, "message": "m"}}""", "not_found", "m", null, null)]
    [InlineData(413, """{"overLimit": {"code": 413, "message": "m", "retryAfter": "0"}}""", "quota", "m", null, null)]
    [InlineData(503, "gone fishing", "unavailable", "The site answered HTTP 503 without saying why.", null, null)]
    [InlineData(500, "[1]", "fault", "The site answered HTTP 500 without saying why.", null, null)]
    [InlineData(500, """{"error": "text"}""", "fault", "The site answered HTTP 500 without saying why.", null, null)]
    public void Error_bodies_of_every_service_are_read(int status, string body, string kind, string message, string? nextStep, string? field) =>
        Assert.Equal(new ErrorRecord(status, kind, message, nextStep, field), ErrorBody.Parse((HttpStatusCode)status, body));

    [Fact]
    public void Values_in_paths_and_queries_are_escaped()
    {
        Assert.Equal("/volumes?name=a%26b%3D%2Fc", Query.Of("/volumes", ("name", "a&b=/c"), ("site", null)));
        Assert.Equal("volume%2Fid%2Fname", Query.Escape("volume/id/name"));
    }
}
