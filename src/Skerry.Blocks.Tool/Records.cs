using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Skerry.Blocks.Integrity;

namespace Skerry.Blocks.Tool;

/// <param name="Id">The volume's name.</param>
/// <param name="SizeBytes">The disk's size.</param>
/// <param name="AllocatedBytes">What the head has stored; snapshots and clones may share it.</param>
/// <param name="Snapshots">How many.</param>
/// <param name="LastNumber">The last write.</param>
internal sealed record VolumeLine(string Id, long SizeBytes, long AllocatedBytes, int Snapshots, long LastNumber);

/// <param name="Id">The snapshot's name within its volume.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="SizeBytes">The disk's size then.</param>
/// <param name="LastNumber">The last write that it has.</param>
internal sealed record SnapshotLine(string Id, DateTimeOffset CreatedAt, long SizeBytes, long LastNumber);

/// <param name="Directory">The store's directory.</param>
/// <param name="Volumes">How many.</param>
/// <param name="Snapshots">How many, of all volumes.</param>
/// <param name="TotalBytes">What the store may use.</param>
/// <param name="FreeBytes">What can still be written.</param>
/// <param name="AllocatedBytes">What its files occupy.</param>
internal sealed record InfoRecord(string Directory, int Volumes, int Snapshots, long TotalBytes, long FreeBytes, long AllocatedBytes);

/// <summary>How json writes the records: names with underscores, units in the names.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    Converters = [typeof(FindingKindText)])]
[JsonSerializable(typeof(IReadOnlyList<VolumeLine>))]
[JsonSerializable(typeof(IReadOnlyList<SnapshotLine>))]
[JsonSerializable(typeof(InfoRecord))]
[JsonSerializable(typeof(StoreCheckReport))]
internal sealed partial class ToolJson : JsonSerializerContext
{
    /// <summary>Names may hold any script; a terminal shows it and a parser takes both.</summary>
    public static string Write<T>(T record, Func<ToolJson, JsonTypeInfo<T>> type) => JsonSerializer.Serialize(
        record, type(new ToolJson(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })));
}

/// <summary>data, not Data.</summary>
internal sealed class FindingKindText() : JsonStringEnumConverter<FindingKind>(JsonNamingPolicy.SnakeCaseLower);
