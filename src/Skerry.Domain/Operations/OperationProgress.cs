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

/// <summary>The stored form of a refusal.</summary>
/// <param name="Kind">The name of a <see cref="RefusalKind"/>; one that this version does not know is taken for a matter of state.</param>
internal sealed record StoredRefusal(string Kind, string Message, string? NextStep, string? Field)
{
    public static StoredRefusal Of(Refusal refusal) => new(refusal.Kind.ToString(), refusal.Message, refusal.NextStep, refusal.Field);

    public Refusal Read() =>
        new(Enum.TryParse<RefusalKind>(Kind, out var kind) && Enum.IsDefined(kind) ? kind : RefusalKind.State, Message, NextStep, Field);
}

/// <summary>The stored form of what operations say of themselves.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OperationProgress))]
[JsonSerializable(typeof(StoredRefusal))]
internal sealed partial class ProgressJson : JsonSerializerContext;
