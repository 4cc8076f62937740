using Skerry.Domain.Identity;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>Reads volume types.</summary>
internal static class VolumeTypes
{
    /// <summary>The type of a volume that names none, where it exists.</summary>
    public const string DefaultName = "native";

    public static EntityKey Key(string id) => new(EntityKinds.VolumeType, id);

    public static string DerivedId(string name) => Ids.Derived(EntityKinds.VolumeType, name);

    private static VolumeType Read(Entity entity, UniqueNames names) => new(
        entity.Key.Id,
        names.Of(entity),
        entity.Text("description", ""),
        true,
        entity.Json("specs", DomainJson.Default.DictionaryStringString) ?? [],
        entity.Instant("created_at") ?? entity.CreatedStamp.Time,
        entity.Json("encryption", DomainJson.Default.VolumeTypeEncryption))
    {
        QosSpecsId = entity.Text(QosSpecs.TypeField),
    };

    /// <summary>By name; of two that were given one name apart the first has it.</summary>
    public static IEnumerable<VolumeType> All(StateView state)
    {
        var all = state.List(EntityKinds.VolumeType);
        var names = UniqueNames.In(all);
        return all.Select(e => Read(e, names)).OrderBy(t => t.Name, StringComparer.Ordinal).ThenBy(t => t.Id, StringComparer.Ordinal);
    }

    public static VolumeType? Find(StateView state, string idOrName) =>
        (state.Find(EntityKinds.VolumeType, idOrName) ?? Named(state, idOrName)) is { } entity
            ? Read(entity, UniqueNames.In(state.List(EntityKinds.VolumeType)))
            : null;

    /// <summary>Who goes by the name, without regard to case.</summary>
    public static Entity? Named(StateView state, string name) => UniqueNames.Find(state.List(EntityKinds.VolumeType), "", name);

    public static VolumeType? Default(StateView state) => Find(state, DefaultName) ?? All(state).FirstOrDefault();

    /// <summary>Drivers whose type neither exists nor was deleted by an administrator.</summary>
    public static IReadOnlyList<string> Missing(Replica replica, IEnumerable<string> driverNames) =>
    [
        .. driverNames.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Where(name => replica.Find(Key(DerivedId(name))) is null),
    ];

    /// <summary>Types under ids that every site derives alike. They bear no time: sites that each made one must have written the same.</summary>
    public static void WriteDefaults(ITransaction transaction, IEnumerable<string> driverNames)
    {
        foreach (var name in driverNames)
        {
            var key = Key(DerivedId(name));
            if (transaction.Find(key) is null)
            {
                transaction.Set(key, "name", name);
                transaction.Set(key, "description", $"Volumes of the driver {name}");
                transaction.Set(
                    key, "specs", FieldValue.Serialize(new() { ["driver"] = name }, DomainJson.Default.DictionaryStringString));
            }
        }
    }

    public static Refusal Unknown(StateView state, string idOrName) => Refusal.Invalid(
        "volume_type", $"There is no volume type {idOrName}.", $"The types are {string.Join(", ", All(state).Select(t => t.Name))}.");
}
