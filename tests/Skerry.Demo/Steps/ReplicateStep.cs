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
        var point = await RecoveryPointAsync(story, story.Stage.South, cancellationToken);
        story.Prove(
            "a first copy becomes an instant replica",
            $"{shown.GetProperty("status").GetString()}; lag {source.GetProperty("lag_bytes")} bytes, {source.GetProperty("lag_seconds")} s; "
            + $"recovery point {point.TakenAt:HH:mm:ss.fff} UTC, write {point.Number}");
    }

    /// <summary>
    /// Waits until the replica has everything that the primary had when this was called. What a site says of itself is current
    /// there; elsewhere measurements arrive with the next flush, so each side is asked for its own.
    /// </summary>
    public static async Task<JsonElement> FollowsAsync(Story story, DemoSite primary, CancellationToken cancellationToken)
    {
        var asked = DateTimeOffset.UtcNow;
        return await UntilAsync(story, primary, "the replica follows", r =>
            r.GetProperty("status").GetString() == "active - secondary"
            && r.GetProperty("source") is { ValueKind: JsonValueKind.Object } source
            && source.GetProperty("at").GetDateTimeOffset() > asked
            && source.GetProperty("lag_bytes") is { ValueKind: JsonValueKind.Number } lag && lag.GetInt64() == 0
            && source.GetProperty("replica_number").ToString() == source.GetProperty("primary_number").ToString(),
            cancellationToken);
    }

    /// <summary>The newest state that the replica can be promoted to, as the replica's own site tells it.</summary>
    public static async Task<(long Number, DateTimeOffset TakenAt)> RecoveryPointAsync(Story story, DemoSite replica, CancellationToken cancellationToken)
    {
        var shown = await UntilAsync(story, replica, "the replica has a recovery point", r =>
            r.GetProperty("target") is { ValueKind: JsonValueKind.Object } t && t.GetProperty("recovery_point").ValueKind == JsonValueKind.Object, cancellationToken);
        var point = shown.GetProperty("target").GetProperty("recovery_point");
        return (point.GetProperty("number").GetInt64(), point.GetProperty("taken_at").GetDateTimeOffset());
    }

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
