using Skerry.State;

namespace Skerry.Domain.Sites;

/// <summary>Which cloud a site is a member of.</summary>
public static class CloudIdentity
{
    /// <summary>Null before the first start was completed.</summary>
    public static string? Of(Replica replica) => replica.Find(SiteFields.CloudKey)?.Text(SiteFields.CloudId);
}
