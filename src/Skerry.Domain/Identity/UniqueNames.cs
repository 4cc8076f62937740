using System.Runtime.CompilerServices;
using Skerry.State.Merging;

namespace Skerry.Domain.Identity;

/// <summary>
/// Names that are unique where two sites cannot ask each other. Of entities that want one name, the one that has had it longest (by
/// the stamp of its write, then the dot) keeps it; the others go by a name that is derived, never written, so that all sites show the
/// same and a rename of either settles it. Names are compared without regard to case, as OpenStack does.
/// </summary>
internal sealed class UniqueNames
{
    public const string Field = "name";

    private const int SuffixDigits = 8;

    /// <summary>A list of the state stands for its content and is the same until one of its kind changes, so it is read once.</summary>
    private static readonly ConditionalWeakTable<IReadOnlyList<Entity>, UniqueNames> Known = [];

    private readonly Dictionary<(string Domain, string Name), Entity> _byShown = [];
    private readonly Dictionary<string, Entity> _holders = new(StringComparer.Ordinal);

    private UniqueNames(IReadOnlyList<Entity> all)
    {
        foreach (var entity in all)
        {
            var key = KeyOf(entity, entity.Text(Field, entity.Id));
            if (!_byShown.TryGetValue(key, out var holder) || IsBefore(entity, holder))
            {
                _byShown[key] = entity;
            }
        }

        foreach (var entity in all)
        {
            var holder = _byShown[KeyOf(entity, entity.Text(Field, entity.Id))];
            if (holder.Id != entity.Id)
            {
                _holders.Add(entity.Id, holder);
            }
        }

        foreach (var entity in all.Where(e => _holders.ContainsKey(e.Id)))
        {
            _byShown.TryAdd(KeyOf(entity, Derived(entity)), entity);
        }
    }

    /// <summary>The names of one kind, in all its domains.</summary>
    public static UniqueNames In(IReadOnlyList<Entity> all) => Known.GetValue(all, static list => new UniqueNames(list));

    /// <summary>The name of one of <paramref name="all"/>.</summary>
    public static string Of(Entity entity, IReadOnlyList<Entity> all) => In(all).Of(entity);

    /// <summary>Who goes by that name among <paramref name="all"/> of <paramref name="domainId"/> (empty for kinds without domains).</summary>
    public static Entity? Find(IReadOnlyList<Entity> all, string domainId, string name) =>
        In(all)._byShown.GetValueOrDefault((domainId, Folded(name)));

    /// <summary>Those who want a name that another holds, each with who holds it.</summary>
    public IReadOnlyDictionary<string, Entity> Holders => _holders;

    /// <summary>What the entity goes by.</summary>
    public string Of(Entity entity) => _holders.ContainsKey(entity.Id) ? Derived(entity) : entity.Text(Field, entity.Id);

    private static string Derived(Entity entity) =>
        $"{entity.Text(Field)}~{entity.Id[..Math.Min(SuffixDigits, entity.Id.Length)]}";

    private static bool IsBefore(Entity left, Entity right)
    {
        var one = left.Standing(Field);
        var other = right.Standing(Field);
        if (one.Count == 0 || other.Count == 0)
        {
            return one.Count > 0;
        }

        var order = one[0].Stamp.CompareTo(other[0].Stamp);
        order = order != 0 ? order : one[0].Dot.CompareTo(other[0].Dot);
        return (order != 0 ? order : string.CompareOrdinal(left.Id, right.Id)) < 0;
    }

    private static (string Domain, string Name) KeyOf(Entity entity, string name) => (entity.Text("domain_id") ?? "", Folded(name));

    private static string Folded(string name) => name.ToUpperInvariant();
}
