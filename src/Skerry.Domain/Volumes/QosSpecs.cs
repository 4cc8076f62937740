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
        state.List(EntityKinds.QosSpec).Select(Read)
            .OrderBy(q => q.Name, StringComparer.Ordinal).ThenBy(q => q.CreatedAt).ThenBy(q => q.Id, StringComparer.Ordinal);

    public static QosSpec? Find(StateView state, string idOrName) =>
        state.Find(EntityKinds.QosSpec, idOrName) is { } entity ? Read(entity) : All(state).FirstOrDefault(q => q.Name == idOrName);

    public static IEnumerable<VolumeType> TypesOf(StateView state, string id) => VolumeTypes.All(state).Where(t => t.QosSpecsId == id);

    /// <summary>By the volume's type, as it is now; null when there is no such volume.</summary>
    public static VolumeRates? RatesOf(StateView state, string volumeId) =>
        state.Find(EntityKinds.Volume, volumeId) is not { } volume ? null
        : volume.Text("type") is { } typeId
        && state.Find(EntityKinds.VolumeType, typeId)?.Text(TypeField) is { } specId
        && state.Find(EntityKinds.QosSpec, specId) is { } spec
            ? VolumeRates.Read(Read(spec).Specs)
            : VolumeRates.Unlimited;

    private static QosSpec Read(Entity entity) => new(
        entity.Key.Id,
        entity.Text("name", ""),
        entity.Text("consumer", Both),
        entity.Json("specs", DomainJson.Default.DictionaryStringString) ?? [],
        entity.Instant("created_at") ?? entity.CreatedStamp.Time);
}
