using Skerry.Domain;

namespace Skerry.Api.Native;

/// <summary>Sites as people call them. Entities hold ids, which never change; answers show names.</summary>
internal sealed class SiteLabels(SiteContext site)
{
    /// <summary>The id itself for a site that was never heard of.</summary>
    public string Of(string siteId) => StateView.Of(site.Replica).Find(EntityKinds.Site, siteId)?.Text("name") ?? siteId;

    /// <summary>Null for none.</summary>
    public string? OrNone(string? siteId) => string.IsNullOrEmpty(siteId) ? null : Of(siteId);

    /// <summary>The id of a site given by id or name; null when there is none, or several have the name.</summary>
    public string? IdOf(string idOrName)
    {
        var state = StateView.Of(site.Replica);
        if (state.Find(EntityKinds.Site, idOrName) is not null)
        {
            return idOrName;
        }

        var named = state.List(EntityKinds.Site).Where(entity => entity.Text("name") == idOrName).Take(2).ToList();
        return named.Count == 1 ? named[0].Key.Id : null;
    }
}
