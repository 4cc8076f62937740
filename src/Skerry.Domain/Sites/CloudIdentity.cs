using Skerry.State;

namespace Skerry.Domain.Sites;

/// <summary>Which cloud a site is a member of, and who else is.</summary>
public static class CloudIdentity
{
    /// <summary>Null before the first start was completed.</summary>
    public static string? Of(Replica replica) => replica.Find(SiteFields.CloudKey)?.Text(SiteFields.CloudId);

    /// <summary>The certificates, in PEM, of all sites but the fenced ones, by site id: what a client of the whole cloud may believe.</summary>
    public static IReadOnlyList<string> CertificatesOf(Replica replica) =>
    [
        .. replica.List(EntityKinds.Site)
            .Where(s => s.Json(SiteFields.Verdict, SitesJson.Default.Verdict) is not { State: Verdict.Fenced } && s.Revocation() is null)
            .OrderBy(s => s.Key)
            .SelectMany(s => new[] { s.Text(SiteFields.Certificate), s.Text(SiteFields.NextCertificate), s.Text(SiteFields.PreviousCertificate) })
            .OfType<string>()
            .Where(pem => CertificatePin.Of(pem) is not null),
    ];
}

/// <summary>What people call a site.</summary>
public static class SiteNames
{
    /// <summary>Its id where no name is known.</summary>
    public static string Of(Replica replica, State.Clocks.SiteId id) =>
        replica.Find(SiteFields.Site(id.ToString()))?.Text(SiteFields.Name) ?? id.ToString();
}
