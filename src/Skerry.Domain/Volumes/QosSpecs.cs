using Skerry.Domain.Identity;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>Reads specifications, and what they come to for a volume.</summary>
internal static class QosSpecs
{
    /// <summary>The field of a volume type that names its specification; null or unknown for none.</summary>
    public const string TypeField = "qos_specs_id";

    public const string FrontEnd = "front-end";
    public const string Both = "both";

    public static EntityKey Key(string id) => new(EntityKinds.QosSpec, id);

    /// <summary>By name, then age, so that of two of one name the first is found.</summary>
    public static IEnumerable<QosSpec> All(StateView state) =>
        state.List(EntityKinds.QosSpec).Select(e => Read(state, e))
            .OrderBy(q => q.Name, StringComparer.Ordinal).ThenBy(q => q.Id, StringComparer.Ordinal);

    public static QosSpec? Find(StateView state, string idOrName) =>
        (state.Find(EntityKinds.QosSpec, idOrName) ?? Named(state, idOrName)) is { } entity ? Read(state, entity) : null;

    /// <summary>Who goes by the name, without regard to case.</summary>
    public static Entity? Named(StateView state, string name) => UniqueNames.Find(state.List(EntityKinds.QosSpec), "", name);

    public static IEnumerable<VolumeType> TypesOf(StateView state, string id) => VolumeTypes.All(state).Where(t => t.QosSpecsId == id);

    /// <summary>By the volume's type, as it is now; null when there is no such volume.</summary>
    public static VolumeRates? RatesOf(StateView state, string volumeId) =>
        state.Find(EntityKinds.Volume, volumeId) is not { } volume ? null
        : volume.Text("type") is { } typeId
        && state.Find(EntityKinds.VolumeType, typeId)?.Text(TypeField) is { } specId
        && state.Find(EntityKinds.QosSpec, specId) is { } spec
            ? VolumeRates.Read(Read(state, spec).Specs)
            : VolumeRates.Unlimited;

    private static QosSpec Read(StateView state, Entity entity) => new(
        entity.Key.Id,
        UniqueNames.Of(entity, state.List(EntityKinds.QosSpec)),
        entity.Text("consumer", Both),
        entity.Json("specs", DomainJson.Default.DictionaryStringString) ?? [],
        entity.Instant("created_at") ?? entity.CreatedStamp.Time);
}
