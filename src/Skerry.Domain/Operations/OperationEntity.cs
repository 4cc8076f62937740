using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Operations;

/// <summary>How an operation is kept: what was asked is written by its maker, how it goes by its target alone.</summary>
internal static class OperationEntity
{
    private const string ProgressField = "progress";
    private const string RefusalField = "refusal";

    /// <summary>
    /// In place of <c>target_site</c> for a request that its target did not understand when it was made: an older daemon finds nothing
    /// there that names it.
    /// </summary>
    internal const string HeldForField = "held_for";

    internal const string SeenField = "seen";

    public static EntityKey Key(string id) => new(EntityKinds.Operation, id);

    public static Operation? Find(StateView state, string id) =>
        state.Find(EntityKinds.Operation, id) is { } entity ? Read(entity) : null;

    /// <summary>Without reading the rest of it.</summary>
    public static bool IsUnfinished(Entity entity) => entity.Text("status") is "queued" or "running";

    public static IEnumerable<Operation> Unfinished(StateView state) =>
        state.List(EntityKinds.Operation).Where(IsUnfinished).Select(Read);

    public static Operation Read(Entity entity)
    {
        var on = entity.Text("entity", "/");
        var slash = on.IndexOf('/', StringComparison.Ordinal);
        return new Operation(
            entity.Key.Id,
            entity.Text("kind", ""),
            slash < 0 ? new EntityKey(on, "") : new EntityKey(on[..slash], on[(slash + 1)..]),
            entity.Text("target_site") ?? entity.Text(HeldForField, ""),
            entity.TryGet("parameters", out var parameters) ? parameters : FieldValue.Null,
            (int)Math.Clamp(entity.Integer("priority") ?? 0, int.MinValue, int.MaxValue),
            entity.Instant("deadline"),
            entity.Json("depends_on", DomainJson.Default.ListString) ?? [],
            entity.Json("after", DomainJson.Default.ListString) ?? [],
            entity.Text("project_id"),
            entity.Text("made_by", ""),
            entity.Instant("made_at") ?? DateTimeOffset.UnixEpoch,
            ReadStatus(entity.Text("status")),
            entity.Flag("cancel_requested"),
            entity.Text("reason"),
            entity.TryGet("result", out var result) && !result.IsNull ? result : null,
            entity.Instant("started_at"),
            entity.Instant("finished_at"))
        {
            Needs = entity.Json("needs", DomainJson.Default.ListString) ?? [],
            Seen = entity.Json(SeenField, DomainJson.Default.ListString),
            Progress = entity.Json(ProgressField, ProgressJson.Default.OperationProgress),
            Refusal = entity.Json(RefusalField, ProgressJson.Default.StoredRefusal)?.Read(),
        };
    }

    public static void WriteStatus(ITransaction transaction, string id, OperationStatus status) =>
        transaction.Set(Key(id), "status", FieldValue.FromString(Word(status)), DomainSchema.OwnerRank);

    public static void WriteProgress(ITransaction transaction, string id, OperationProgress progress) =>
        transaction.Set(
            Key(id), ProgressField, FieldValue.Serialize(progress, ProgressJson.Default.OperationProgress), DomainSchema.OwnerRank);

    public static void WriteRefusal(ITransaction transaction, string id, Refusal refusal) =>
        transaction.Set(
            Key(id), RefusalField, FieldValue.Serialize(StoredRefusal.Of(refusal), ProgressJson.Default.StoredRefusal), DomainSchema.OwnerRank);

    public static string Word(OperationStatus status) => status switch
    {
        OperationStatus.Queued => "queued",
        OperationStatus.Running => "running",
        OperationStatus.Succeeded => "succeeded",
        OperationStatus.Failed => "failed",
        OperationStatus.Expired => "expired",
        OperationStatus.Discarded => "discarded",
        OperationStatus.Cancelled => "cancelled",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };

    // A word of a newer version is taken for unfinished work of which nothing is known: nobody begins it a second time.
    private static OperationStatus ReadStatus(string? word) => word switch
    {
        "queued" => OperationStatus.Queued,
        "succeeded" => OperationStatus.Succeeded,
        "failed" => OperationStatus.Failed,
        "expired" => OperationStatus.Expired,
        "discarded" => OperationStatus.Discarded,
        "cancelled" => OperationStatus.Cancelled,
        _ => OperationStatus.Running,
    };
}
