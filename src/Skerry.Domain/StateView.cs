using Skerry.State;
using Skerry.State.Log;
using Skerry.State.Merging;

namespace Skerry.Domain;

/// <summary>
/// What rules read: the same for a decision inside a transaction, which sees what is not yet durable, and for a plain read, which
/// sees only what is.
/// </summary>
public readonly struct StateView
{
    private readonly Replica? _replica;
    private readonly ITransaction? _transaction;
    private readonly StateSnapshot? _moment;

    private StateView(Replica? replica, ITransaction? transaction, StateSnapshot? moment = null)
    {
        _replica = replica;
        _transaction = transaction;
        _moment = moment;
    }

    /// <summary>Each read sees what is durable by then: two reads may see two moments.</summary>
    public static StateView Of(Replica replica) => new(replica, null);

    public static StateView Of(ITransaction transaction) => new(null, transaction);

    /// <summary>The same, standing still: for what is made of several entities that one mutation changes together.</summary>
    public StateView AtOneMoment() => _replica is null ? this : new(null, null, _replica.TakeSnapshot());

    public Entity? Find(string kind, string id) => FindKept(kind, id) is { IsDeleted: false } entity ? entity : null;

    /// <summary>The entity, also from the trash: for what still refers to it.</summary>
    public Entity? FindKept(string kind, string id)
    {
        var key = new EntityKey(kind, id);
        return _moment is not null ? _moment.Find(key) : _transaction is not null ? _transaction.Find(key) : _replica!.Find(key);
    }

    /// <summary>Those that are not deleted, by id.</summary>
    public IReadOnlyList<Entity> List(string kind) =>
        _moment is not null ? _moment.List(kind) : _transaction is not null ? _transaction.List(kind) : _replica!.List(kind);

    /// <summary>Those whose id begins with <paramref name="prefix"/>, by id.</summary>
    public IEnumerable<Entity> ListByPrefix(string kind, string prefix)
    {
        var all = List(kind);
        var low = 0;
        var high = all.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (string.CompareOrdinal(all[middle].Key.Id, prefix) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        for (; low < all.Count && all[low].Key.Id.StartsWith(prefix, StringComparison.Ordinal); low++)
        {
            yield return all[low];
        }
    }
}
