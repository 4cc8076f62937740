using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Recovery;

/// <summary>
/// A primary that stopped taking writes because it is being handed over, or demoted. It holds for one generation: the next one makes
/// it void, and as long as there is none the primary may take it back and go on.
/// </summary>
/// <param name="VolumeId">The volume.</param>
/// <param name="GenerationId">The generation that is to end.</param>
/// <param name="OperationId">The operation that hands over; when it is finished the handover is void.</param>
/// <param name="Reason">For those whose writes are refused.</param>
internal sealed record Handover(string VolumeId, string GenerationId, string OperationId, string Reason)
{
    private static EntityKey Key(string volumeId) => new(EntityKinds.Handover, volumeId);

    public static Handover? Find(StateView state, string volumeId) =>
        state.Find(EntityKinds.Handover, volumeId) is { } entity ? Read(entity) : null;

    public static IEnumerable<Handover> All(StateView state) => state.List(EntityKinds.Handover).Select(Read);

    /// <remarks>
    /// The key is the volume's, so an earlier handover of it lies in the trash, where a write alone would leave it: a hold that
    /// nobody sees, under which the old primary opens again and takes writes that its successor never gets.
    /// </remarks>
    public void Write(ITransaction transaction)
    {
        transaction.Revive(Key(VolumeId));
        transaction.Set(Key(VolumeId), "generation_id", GenerationId);
        transaction.Set(Key(VolumeId), "operation_id", OperationId);
        transaction.Set(Key(VolumeId), "reason", Reason);
    }

    public static void Clear(ITransaction transaction, string volumeId)
    {
        if (Find(StateView.Of(transaction), volumeId) is not null)
        {
            transaction.Delete(Key(volumeId));
        }
    }

    private static Handover Read(Entity entity) =>
        new(
            entity.Id, entity.Text("generation_id", ""), entity.Text("operation_id", ""),
            entity.Text("reason", "It is being handed over."));
}
