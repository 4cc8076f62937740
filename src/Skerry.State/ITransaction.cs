using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.State;

/// <summary>What a decision sees and writes. Valid only while <c>decide</c> runs.</summary>
public interface ITransaction
{
    /// <summary>The time of this transaction: its stamp will be this one or higher.</summary>
    Hlc Now { get; }

    /// <summary>What this decision has in view: all that was decided before it, durable or not. Its own mutation is the next of its writer.</summary>
    VersionVector Seen { get; }

    /// <summary>The entity, own writes included; those in the trash too (<see cref="Entity.IsDeleted"/>).</summary>
    Entity? Find(EntityKey key);

    /// <summary>Living entities of the kind in order of ids, own writes included.</summary>
    IReadOnlyList<Entity> List(string kind);

    /// <summary>Entities of the kind that lie in the trash, in order of ids, own writes included.</summary>
    IReadOnlyList<Entity> ListDeleted(string kind);

    /// <summary>
    /// Writes a field, and makes the entity if there is none. The write takes the place of every standing value; under
    /// <see cref="MergeRule.Hold"/> of the winner alone, and outranks the others. In the trash an entity stays there.
    /// </summary>
    /// <param name="key">The entity.</param>
    /// <param name="field">The field.</param>
    /// <param name="value">Its new value.</param>
    /// <param name="rank">0, or above for a write of the hub or owner where the field's rule is that.</param>
    void Set(EntityKey key, string field, FieldValue value, int rank = 0);

    /// <summary>Settles the field: the value takes the place of every standing one, whatever its rule.</summary>
    void Resolve(EntityKey key, string field, FieldValue value, int rank = 0);

    /// <summary>Moves the entity to the trash with all that is known of it. Of what is there already, confirms it against later updates.</summary>
    void Delete(EntityKey key);

    /// <summary>Takes the entity out of the trash.</summary>
    /// <exception cref="InvalidOperationException">There is nothing of it.</exception>
    void Restore(EntityKey key);

    /// <summary>Takes the entity out of the trash and out of the world. For its owner, when nobody can need it any more.</summary>
    /// <exception cref="InvalidOperationException">It is not in the trash, or in conflict: delete or restore it first.</exception>
    void Purge(EntityKey key);

    /// <summary>Forgets all that this decision wrote so far: for one that ends in a refusal.</summary>
    void Discard();
}

/// <summary>Common ways to write.</summary>
public static class TransactionWrites
{
    /// <summary>
    /// Writes unless the value stands already and alone. For what is observed again and again; what a person decides is written
    /// always, since it also counts against what others write elsewhere.
    /// </summary>
    /// <returns>True when it was written.</returns>
    public static bool SetIfDifferent(this ITransaction transaction, EntityKey key, string field, FieldValue value, int rank = 0)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        var standing = transaction.Find(key)?.Standing(field);
        if (standing is [var only] && only.Value == value && only.Rank == rank) return false;
        transaction.Set(key, field, value, rank);
        return true;
    }
}
