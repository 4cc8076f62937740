using System.Text.Json;

namespace Skerry.Demo.Steps;

internal static class ReplicateStep
{
    public static async Task RunAsync(Story story, CancellationToken cancellationToken)
    {
        var north = story.Stage.North;
        north.OnTalk = line => story.Say($"skerry: {line}");
        var replication = await north.JsonAsync(
            cancellationToken, "replication", "create", story.VolumeId, "--to", "south", "--mode", "instant", "--wait");
        north.OnTalk = null;
        story.ReplicationId = replication.GetProperty("id").GetString()!;
        var shown = await FollowsAsync(story, north, cancellationToken);
        var source = shown.GetProperty("source");
        var point = shown.GetProperty("target").GetProperty("recovery_point");
        story.Prove(
            "a first copy becomes an instant replica",
            $"{shown.GetProperty("status").GetString()}; lag {source.GetProperty("lag_bytes")} bytes, {source.GetProperty("lag_seconds")} s; "
            + $"recovery point {point.GetProperty("taken_at").GetDateTimeOffset():HH:mm:ss.fff} UTC, write {point.GetProperty("number")}");
    }

    /// <summary>Waits until the replica has everything that the primary has, as the primary's site tells.</summary>
    public static Task<JsonElement> FollowsAsync(Story story, DemoSite primary, CancellationToken cancellationToken) =>
        UntilAsync(story, primary, "the replica follows", r =>
            r.GetProperty("status").GetString() == "active - secondary"
            && r.GetProperty("source") is { ValueKind: JsonValueKind.Object } s && s.GetProperty("lag_bytes") is { ValueKind: JsonValueKind.Number } lag
            && lag.GetInt64() == 0
            && r.GetProperty("target") is { ValueKind: JsonValueKind.Object } t && t.GetProperty("recovery_point").ValueKind == JsonValueKind.Object,
            cancellationToken);

    public static async Task<JsonElement> UntilAsync(
        Story story, DemoSite site, string what, Func<JsonElement, bool> holds, CancellationToken cancellationToken)
    {
        var last = default(JsonElement);
        try
        {
            await Eventually.TrueAsync($"{what}, at {site.Name}", TimeSpan.FromSeconds(60), async () =>
            {
                last = await site.JsonAsync(cancellationToken, "replication", "show", story.ReplicationId);
                return holds(last);
            }, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; last seen: {last}", e);
        }

        return last;
    }
}
