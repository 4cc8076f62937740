using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>Sites by what people call them.</summary>
internal static class SiteNames
{
    /// <summary>A site by id or name; of several with one name none, since a wish must not go to a site by chance.</summary>
    public static Entity? Find(StateView state, string idOrName)
    {
        if (state.Find(EntityKinds.Site, idOrName) is { } byId)
        {
            return byId;
        }

        var named = state.List(EntityKinds.Site).Where(s => s.Text("name") == idOrName).Take(2).ToList();
        return named.Count == 1 ? named[0] : null;
    }

    public static string Of(StateView state, string siteId) => state.Find(EntityKinds.Site, siteId)?.Text("name") ?? siteId;

    public static string Listed(StateView state) =>
        string.Join(", ", state.List(EntityKinds.Site).Select(s => s.Text("name", s.Id)).Order(StringComparer.Ordinal));
}
