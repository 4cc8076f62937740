using System.Text.Json.Serialization;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;

namespace Skerry.Domain;

/// <summary>How structured field values are written: snake case, nothing for null, unknown members passed over.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Generation))]
[JsonSerializable(typeof(List<BackendReport>))]
[JsonSerializable(typeof(List<string>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(VolumeTypeEncryption))]
[JsonSerializable(typeof(SizeParameters))]
[JsonSerializable(typeof(SnapshotParameters))]
[JsonSerializable(typeof(StatusParameters))]
[JsonSerializable(typeof(DeleteParameters))]
[JsonSerializable(typeof(VolumeCheck))]
[JsonSerializable(typeof(VolumeUsage))]
internal sealed partial class DomainJson : JsonSerializerContext;
