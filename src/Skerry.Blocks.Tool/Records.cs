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
/// <param name="SpareBytes">Freed files, kept to be written again; they count as free.</param>
/// <param name="Fullness">When to act, before writes fail.</param>
/// <param name="Usage">Who takes how much; null unless asked for.</param>
internal sealed record InfoRecord(
    string Directory, int Volumes, int Snapshots, long TotalBytes, long FreeBytes, long AllocatedBytes, long SpareBytes, StoreFullness Fullness,
    UsageRecord? Usage);

/// <param name="LiveBytes">What any volume or snapshot uses, each block once.</param>
/// <param name="DeadBytes">What the files occupy beyond that, and cleaning gives back: overwritten blocks, and the log's own.</param>
/// <param name="SharedBytes">Of the live bytes, what several volumes use.</param>
/// <param name="IsComplete">False when a part of a map is damaged.</param>
/// <param name="Volumes">Each of them.</param>
internal sealed record UsageRecord(long LiveBytes, long DeadBytes, long SharedBytes, bool IsComplete, IReadOnlyList<VolumeUsage> Volumes);

/// <param name="Id">The volume's name.</param>
/// <param name="AllocatedBytes">What the head has stored, shared or not.</param>
/// <param name="ExclusiveBytes">What deleting the volume with its snapshots would give back.</param>
/// <param name="SharedBytes">What it, or a snapshot of it, uses and other volumes use too.</param>
/// <param name="HeadBytes">Of the exclusive bytes, what the head alone uses.</param>
/// <param name="Snapshots">In the order in which they were made.</param>
internal sealed record VolumeUsage(
    string Id, long AllocatedBytes, long ExclusiveBytes, long SharedBytes, long HeadBytes, IReadOnlyList<SnapshotUsage> Snapshots);

/// <param name="Id">The snapshot's name within its volume.</param>
/// <param name="ExclusiveBytes">What deleting it alone would give back.</param>
internal sealed record SnapshotUsage(string Id, long ExclusiveBytes);

/// <summary>How json writes the records: names with underscores, units in the names.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    Converters = [typeof(FindingKindText), typeof(FullnessText)])]
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

/// <summary>above_80_percent, not Above80Percent.</summary>
internal sealed class FullnessText() : JsonConverter<StoreFullness>
{
    public static string Of(StoreFullness fullness) => fullness switch
    {
        StoreFullness.Ample => "ample",
        StoreFullness.Above80Percent => "above_80_percent",
        StoreFullness.Above90Percent => "above_90_percent",
        StoreFullness.Above95Percent => "above_95_percent",
        _ => "full",
    };

    public override StoreFullness Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, StoreFullness value, JsonSerializerOptions options) => writer.WriteStringValue(Of(value));
}
