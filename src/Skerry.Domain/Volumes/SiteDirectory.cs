namespace Skerry.Domain.Volumes;

/// <summary>Sites by name and by id, as far as this site knows them. It knows itself even before it has told anybody.</summary>
internal sealed class SiteDirectory(SiteContext context, StateView state)
{
    public IEnumerable<(string Id, string Name)> All =>
        state.List(EntityKinds.Site)
            .Select(s => (s.Key.Id, s.Text("name", s.Key.Id)))
            .Where(s => s.Id != context.SelfText)
            .Prepend((context.SelfText, context.SiteName));

    public string NameOf(string siteId) =>
        siteId == context.SelfText ? context.SiteName
        : state.Find(EntityKinds.Site, siteId)?.Text("name") ?? siteId;

    /// <summary>The id of the site of this name or id.</summary>
    public Outcome<string> Resolve(string nameOrId)
    {
        var found = All.Where(s => s.Id == nameOrId || s.Name == nameOrId).ToList();
        return found switch
        {
            [var one] => one.Id,
            [] => Refusal.Invalid(
                "availability_zone", $"There is no site {nameOrId}.", $"The sites are {string.Join(", ", All.Select(s => s.Name))}."),
            _ => Refusal.Invalid(
                "availability_zone",
                $"There are {found.Count} sites named {nameOrId}.",
                $"Give the id of one: {string.Join(", ", found.Select(s => s.Id))}."),
        };
    }
}
