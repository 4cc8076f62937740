using Skerry.State.Clocks;
using Skerry.State.Log;

namespace Skerry.Domain.Sites;

/// <summary>Who may write what of sites and links: read off the id of the entity, which nobody can change.</summary>
internal static class SiteAuthority
{
    // In the table's own words these are settled by `owner`; named here because the table is being made while this is read.
    private static readonly HashSet<string> OfTheSiteAlone = new(StringComparer.Ordinal)
    {
        SiteFields.Certificate, SiteFields.NextCertificate, SiteFields.PreviousCertificate, SiteFields.KeyCertificate, SiteFields.Rotation,
        SiteFields.SealsAbove, SiteFields.TokenKey, SiteFields.ApiUrl, SiteFields.AcceptsNext, SiteFields.Version, "backends",
    };

    /// <summary>
    /// A key, or what a site says of itself, is the site's own to write. Who takes it in writes it first, without rank and over nothing,
    /// so that it stands below whatever the site says.
    /// </summary>
    public static bool OverSites(SiteId maker, Change change)
    {
        var isOwn = change.Key.Id == maker.ToString();
        return change.Kind switch
        {
            ChangeKind.Set when OfTheSiteAlone.Contains(change.Field) =>
                isOwn || (change.Rank == 0 && change.Replaces.Count == 0 && change.Outranks.Count == 0),
            ChangeKind.Purge => isOwn,
            _ => true,
        };
    }

    /// <summary>What an end sees, and whether it took the link down, is that end's to write.</summary>
    public static bool OverLinks(SiteId maker, Change change) =>
        change.Kind != ChangeKind.Set || LinkEnds.Parse(change.Key.Id) is not { } ends || change.Field switch
        {
            SiteFields.DownA or SiteFields.SeenByA => maker.ToString() == ends.A,
            SiteFields.DownB or SiteFields.SeenByB => maker.ToString() == ends.B,
            _ => true,
        };
}
