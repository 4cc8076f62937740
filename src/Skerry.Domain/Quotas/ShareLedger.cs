using Skerry.Domain.Sites;

namespace Skerry.Domain.Quotas;

/// <summary>One site's part of a limit.</summary>
/// <param name="Site">Its id.</param>
/// <param name="Received">All that it ever got.</param>
/// <param name="Share">That without what it gave away again.</param>
/// <param name="Used">Of the share.</param>
/// <param name="Ask">It would like to have received so much, to have something at hand.</param>
/// <param name="Need">So much it should have received for what it refused.</param>
internal sealed record SiteShare(string Site, long Received, long Share, long Used, long Ask, long Need)
{
    /// <summary>Below 0 when more is used than the site holds: it was made before the limit was hard there.</summary>
    public long Free => Share - Used;
}

/// <summary>All shares of one limit, as one state has them.</summary>
/// <remarks>
/// <para>The invariant: in every state that any site can be in, what is charged is at most what was minted, in sum. A site charges, gives
/// and returns out of its own share alone, and knows all that it ever wrote. Who knows of a charge knows, since states are causal, of
/// every grant that the charging site had in view; and nothing but the site's own later writes makes its share smaller. So each share
/// covers what is charged to it, in every state, and the shares add up to what was minted less what was burned.</para>
/// <para>Taking from a fenced site is the exception: the person who fenced it vouches that it writes nothing any more.</para>
/// </remarks>
internal sealed class ShareLedger
{
    private readonly Dictionary<string, SiteShare> _shares = [];

    private ShareLedger(string resource, long limit, string? home, long minted)
    {
        (Resource, Limit, Home, Minted) = (resource, limit, home, minted);
    }

    public string Resource { get; }

    /// <summary>As it is set; shares follow it.</summary>
    public long Limit { get; }

    /// <summary>The one site that mints and burns; null while the cloud has no site that could.</summary>
    public string? Home { get; }

    /// <summary>Less what was burned: what the shares add up to.</summary>
    public long Minted { get; }

    /// <summary>Those that hold or held any, and all members.</summary>
    public IReadOnlyCollection<SiteShare> Shares => _shares.Values;

    /// <summary>Members that nobody fenced.</summary>
    public required IReadOnlySet<string> Members { get; init; }

    public required IReadOnlySet<string> Fenced { get; init; }

    /// <summary>What the site itself wrote.</summary>
    public required IReadOnlyDictionary<string, ShareCells> Cells { get; init; }

    public SiteShare Of(string site) => _shares.GetValueOrDefault(site) ?? new SiteShare(site, 0, 0, 0, 0, 0);

    /// <summary>Found to be restored or copied, and no person has dealt with it yet: what their shares say may have been spent in another life.</summary>
    public required IReadOnlySet<string> Doubtful { get; init; }

    /// <summary>
    /// What the site may still charge or give. Nothing while it is <see cref="Doubtful"/>. The home keeps back what other sites are over,
    /// for things made before they knew of shares.
    /// </summary>
    public long Spendable(string site) => Doubtful.Contains(site) ? 0 :
        Of(site).Free - (site == Home ? _shares.Values.Where(s => s.Site != site).Sum(s => Math.Max(0, -s.Free)) : 0);

    /// <summary>
    /// What a site keeps at hand: half of an equal part. Nothing of a limit that is too small for that, which stays at the home until it is
    /// asked for; and nothing while more is minted than the limit allows.
    /// </summary>
    public long Cushion => Limit <= 0 || Minted > Limit ? 0 : Limit / (2 * Math.Max(1, Members.Count));

    public static ShareLedger Read(StateView state, string project, string resource, long limit)
    {
        var cells = state.ListByPrefix(EntityKinds.QuotaShare, ShareCells.Prefix(project))
            .ToDictionary(e => ShareCells.SiteOf(e.Id), e => ShareCells.Read(e, resource), StringComparer.Ordinal);
        var used = QuotaCharge.Of(state, QuotaCharge.Prefix(project))
            .GroupBy(c => QuotaCharge.About(c.Entity.Id).Site)
            .ToDictionary(g => g.Key, g => g.Sum(c => c.Charge.Amounts.Of(resource)), StringComparer.Ordinal);
        var sites = state.List(EntityKinds.Site);
        var fenced = sites.Select(s => s.Id).Where(s => SiteVerdicts.IsFenced(state, s)).ToHashSet();
        var ledger = new ShareLedger(resource, limit, HomeOf(state, project), cells.Values.Sum(c => c.Minted - c.Burned))
        {
            Members = sites.Select(s => s.Id).Where(s => !fenced.Contains(s)).ToHashSet(),
            Fenced = fenced,
            Doubtful = sites.Where(s => SiteIdentity.Of(s) is { Standing: not SiteStanding.Sound, IsAccepted: false }).Select(s => s.Id).ToHashSet(),
            Cells = cells,
        };
        foreach (var site in sites.Select(s => s.Id).Concat(cells.Keys).Concat(cells.Values.SelectMany(c => c.Given.Keys)).Concat(used.Keys).Distinct())
        {
            var own = cells.GetValueOrDefault(site) ?? ShareCells.Empty;
            var received = own.Minted + own.Taken.Values.Sum() + cells.Values.Sum(c => c.Given.GetValueOrDefault(site));
            var passedOn = own.Burned + own.Given.Values.Sum() + cells.Values.Sum(c => c.Taken.GetValueOrDefault(site));
            ledger._shares[site] = new SiteShare(site, received, received - passedOn, used.GetValueOrDefault(site), own.Ask, own.Need);
        }

        return ledger;
    }

    /// <summary>The site that was named, or the cloud's first: all sites come to the same one.</summary>
    public static string? HomeOf(StateView state, string project) =>
        state.Find(EntityKinds.Quota, project)?.Text(QuotaMode.HomeField)
        ?? (state.Find(EntityKinds.Cloud, EntityKinds.Cloud)?.Standing(SiteFields.CloudId) is [var winner, ..] ? winner.Site.ToString() : null);
}

/// <summary>How a project's limits hold while sites are apart.</summary>
internal static class QuotaMode
{
    public const string Field = "mode";

    /// <summary>The site that mints; absent for the cloud's first.</summary>
    public const string HomeField = "home";

    /// <summary>Each site counts what it knows: apart, sites may pass the limit together, and the overrun is shown.</summary>
    public const string Soft = "soft";

    /// <summary>Each site spends its own share alone.</summary>
    public const string Hard = "hard";

    public static bool IsHard(StateView state, string project) => state.Find(EntityKinds.Quota, project)?.Text(Field) == Hard;
}
