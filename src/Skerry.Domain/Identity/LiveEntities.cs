using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Identity;

/// <summary>Entities by kind and id, those in the trash left out.</summary>
internal static class LiveEntities
{
    public static Entity? FindLive(this Replica replica, string kind, string id) => StateView.Of(replica).Find(kind, id);

    public static Entity? FindLive(this ITransaction transaction, string kind, string id) => StateView.Of(transaction).Find(kind, id);
}
