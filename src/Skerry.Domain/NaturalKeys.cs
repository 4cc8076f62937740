using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain;

/// <summary>For entities whose key is given by what they are about, so that the same one can be made, deleted and made again.</summary>
internal static class NaturalKeys
{
    /// <summary>
    /// Takes the entity out of the trash, if it lies there. A write alone would leave it in the trash, where nobody sees it.
    /// </summary>
    public static void Revive(this ITransaction transaction, EntityKey key)
    {
        if (transaction.Find(key) is { IsDeleted: true })
        {
            transaction.Restore(key);
        }
    }
}
