using Skerry.State;
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

    private StateView(Replica? replica, ITransaction? transaction)
    {
        _replica = replica;
        _transaction = transaction;
    }

    public static StateView Of(Replica replica) => new(replica, null);

    public static StateView Of(ITransaction transaction) => new(null, transaction);

    public Entity? Find(string kind, string id)
    {
        var key = new EntityKey(kind, id);
        var entity = _transaction is not null ? _transaction.Find(key) : _replica!.Find(key);
        return entity is { IsDeleted: false } ? entity : null;
    }

    /// <summary>Those that are not deleted, by id.</summary>
    public IReadOnlyList<Entity> List(string kind) => _transaction is not null ? _transaction.List(kind) : _replica!.List(kind);

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
