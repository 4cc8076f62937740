using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>Whether a site is the one that it was.</summary>
public enum SiteStanding
{
    /// <summary>Nothing says otherwise.</summary>
    Sound,

    /// <summary>It was started on an older copy of its disk, or its disk lost its end.</summary>
    Restored,

    /// <summary>Two copies of its data directory ran at once.</summary>
    Copied,
}

/// <summary>A site got writes of its own back from others; written down by the site itself.</summary>
/// <param name="State"><c>restored</c> or <c>copied</c>.</param>
/// <param name="At">When, as <see cref="Instants"/> writes it.</param>
/// <param name="Incarnation">The start that noticed it.</param>
/// <param name="Lacked">What it lacked: by incarnation the last number that came back, as <see cref="Positions"/>.</param>
/// <param name="Count">How many writes came back, at least.</param>
internal sealed record IdentityRecord(string State, string At, string Incarnation, SortedDictionary<string, long> Lacked, long Count)
{
    public const string Restored = "restored";
    public const string Copied = "copied";

    public static IdentityRecord? Of(Entity? site) => site?.Json(SiteFields.Identity, SitesJson.Default.IdentityRecord);

    /// <summary>No person has dealt with it yet.</summary>
    public bool Stands(Entity site) => site.Text(SiteFields.Accepted) != At;
}

/// <summary>What others may build on of a site that was restored or copied. Known wherever its record has come.</summary>
/// <param name="Standing">What it is.</param>
/// <param name="Stamp">Of the record, zero for a sound site: what the site was given or asked before this, an earlier life may have used up or done.</param>
/// <param name="IsAccepted">A person has dealt with it; what was before <paramref name="Stamp"/> stays doubtful.</param>
public readonly record struct SiteIdentity(SiteStanding Standing, Hlc Stamp, bool IsAccepted)
{
    /// <summary>As the state knows it.</summary>
    public static SiteIdentity Of(StateView state, string siteId) =>
        state.Find(EntityKinds.Site, siteId) is { } site ? Of(site) : default;

    /// <summary>Whether this was written before the site was found to be another, so that an earlier life of it may have used it.</summary>
    public bool IsDoubtful(Hlc written) => written < Stamp;

    internal static SiteIdentity Of(Entity site) => IdentityRecord.Of(site) is { } record
        ? new SiteIdentity(
            record.State == IdentityRecord.Copied ? SiteStanding.Copied : SiteStanding.Restored,
            site.Standing(SiteFields.Identity)[0].Stamp,
            !record.Stands(site))
        : default;
}
