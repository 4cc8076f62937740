using System.Text.Json.Serialization;

namespace Skerry.Domain.Operations;

/// <summary>How far a running operation has come, in stages that its kind names. Written by its target before the stage begins.</summary>
/// <param name="Stage">The stage under way; of an operation that is over, the last one.</param>
/// <param name="Stages">All of them, in order.</param>
/// <param name="Since">When the stage began, by the target's clock.</param>
/// <param name="CanAbort">Whether a cancellation is still obeyed: everything done so far is undone then.</param>
/// <param name="AbortUntil">The stage that ends that as it begins; null for what can never be aborted once it runs.</param>
/// <param name="Detail">What there is to add, in a sentence.</param>
public sealed record OperationProgress(
    string Stage,
    IReadOnlyList<string> Stages,
    DateTimeOffset Since,
    bool CanAbort,
    string? AbortUntil,
    string? Detail = null);

/// <summary>The stored form of a progress.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OperationProgress))]
internal sealed partial class ProgressJson : JsonSerializerContext;
