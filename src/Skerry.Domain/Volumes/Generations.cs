using System.Runtime.CompilerServices;
using Skerry.Domain.Replication;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>Reads and writes the generations of a volume. Each is an entity <c>volume/generation</c> with one field.</summary>
public static class Generations
{
    private const string Record = "record";

    /// <summary>Entities never change, so each is read once.</summary>
    private static readonly ConditionalWeakTable<Entity, Generation?> Known = [];

    public static IReadOnlyList<Generation> Of(StateView state, string volumeId)
    {
        var found = new List<Generation>();
        foreach (var entity in state.ListByPrefix(EntityKinds.Generation, volumeId + "/"))
        {
            if (Known.GetValue(entity, static e => e.Json(Record, DomainJson.Default.Generation)) is { } generation)
            {
                found.Add(generation);
            }
        }

        return found;
    }

    public static PrimaryView? Primary(StateView state, string volumeId) => PrimaryView.Of(Of(state, volumeId));

    /// <summary>
    /// The site that works on the volume: its primary, or while nobody is the one that was last. Null before the first generation.
    /// </summary>
    public static string? Owner(IEnumerable<Generation> generations) =>
        PrimaryView.Of(generations.Where(g => !g.IsDemoted))?.Current.Site;

    /// <summary>A generation is written once and never changed.</summary>
    public static void Write(ITransaction transaction, Generation generation) =>
        transaction.Set(
            new EntityKey(EntityKinds.Generation, $"{generation.VolumeId}/{generation.Id}"),
            Record,
            FieldValue.Serialize(generation, DomainJson.Default.Generation));
}
