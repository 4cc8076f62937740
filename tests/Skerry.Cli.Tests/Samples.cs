using System.Text.Json;
using System.Text.Json.Nodes;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Tests;

/// <summary>Answers as a site gives them, made with the wire's own records.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    public const string VolumeId = "11111111-1111-4111-8111-111111111111";
    public const string OtherId = "22222222-2222-4222-8222-222222222222";
    public const string ReplicationId = "33333333-3333-4333-8333-333333333333";
    public const string OperationId = "44444444-4444-4444-8444-444444444444";

    public static VolumeRecord AVolume(string id = VolumeId, string name = "data", string status = "available", string? reason = null) => new(
        id, name, "", 2, status, reason, "native", "north", "ssd", null, 1, 3_221_225_472, "p1", "u1", null, null,
        new Dictionary<string, string> { ["tier"] = "gold" }, Noon, null);

    public static string Volumes(params VolumeRecord[] volumes) => Json(new VolumeList(volumes), SkerryJson.Default.VolumeList);

    public static string Reply(VolumeRecord volume, string? operationId = null) =>
        Json(new VolumeReply(volume, operationId), SkerryJson.Default.VolumeReply);

    public static OperationRecord AnOperation(string status, string? reason = null) => new(
        OperationId, "volume.create", "volume", VolumeId, "south", status, reason, 0, null, [], "admin", Noon, null, null, false, null, null);

    public static string Reply(OperationRecord operation) => Json(new OperationReply(operation), SkerryJson.Default.OperationReply);

    public static ReplicationRecord AReplication(
        string status, TransferRecord? transfer = null, long? lagBytes = null, string? reason = null, string? nextStep = null) => new(
        ReplicationId, VolumeId, "data", "north", "north", "south", "ssd", "instant", null, null, null, false, "resync", status, reason, nextStep,
        new ReplicationSourceRecord(status, null, null, Noon, Noon, 1, lagBytes, lagBytes is null ? null : 0.25, 9, 8, transfer, null, Noon),
        new ReplicationTargetRecord(status, null, null, Noon, Noon, new RecoveryPointRecord(1, 8, Noon), null, Noon, null, null),
        Noon);

    public static string Reply(ReplicationRecord replication) =>
        Json(new ReplicationReply(replication), SkerryJson.Default.ReplicationReply);

    public static string Replications(params ReplicationRecord[] replications) =>
        Json(new ReplicationList(replications), SkerryJson.Default.ReplicationList);

    public static string Sites(params string[] names) =>
        Json(new SiteList([.. names.Select(ASite)]), SkerryJson.Default.SiteList);

    public static SiteRecord ASite(string name) => new(
        name + "-id", name, name, "edge", "connected", null, Noon, name == "north", Noon, 0, null, null, null, null, "0.1.0", Noon, null, null,
        [new BackendRecord("ssd", "native", 1L << 40, 1L << 39, 0, Noon)]);

    public static string Refusal(int code, string kind, string message, string? nextStep = null) =>
        Json(new ErrorReply(new ErrorRecord(code, kind, message, nextStep)), SkerryJson.Default.ErrorReply);

    public static string Preview(string summary, ErrorRecord? refusal = null) => Json(
        new RecoveryPreviewReply(new RecoveryPreviewRecord(
            VolumeId, "north", "south", true, new RecoveryPointRecord(1, 8, Noon), 1.5, 4096, Noon, Noon, summary, refusal)),
        SkerryJson.Default.RecoveryPreviewReply);

    public static string Json<T>(T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => JsonSerializer.Serialize(value, type);

    public static JsonNode Parse(string text) => JsonNode.Parse(text)!;
}
