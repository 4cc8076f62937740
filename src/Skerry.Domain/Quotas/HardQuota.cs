using Skerry.Domain.Volumes;
using Skerry.State;

namespace Skerry.Domain.Quotas;

/// <summary>What a decision at this site asks of a hard quota: whether the own share allows it, the charge, and for more when it does not.</summary>
internal static class HardQuota
{
    /// <summary>The refusal when this site's share does not allow that much more; null when it does, and where the quota is soft.</summary>
    public static Refusal? Check(SiteContext site, StateView state, string project, QuotaAmounts more)
    {
        if (!QuotaMode.IsHard(state, project))
        {
            return null;
        }

        foreach (var resource in QuotaResource.All.Where(r => more.Of(r) > 0))
        {
            var limit = QuotaService.LimitOf(state, project, resource);
            if (limit == QuotaUse.Unlimited)
            {
                continue;
            }

            var ledger = ShareLedger.Read(state, project, resource, limit);
            if (ledger.Spendable(site.SelfText) < more.Of(resource))
            {
                return Refused(site, state, ledger, more.Of(resource));
            }
        }

        return null;
    }

    /// <summary>Charges this site's share, where the quota is hard. The decision was checked in the same transaction.</summary>
    public static void Charge(
        ITransaction transaction, SiteContext site, string project, string thing, QuotaAmounts more, string? operationId = null)
    {
        if (QuotaMode.IsHard(StateView.Of(transaction), project))
        {
            QuotaCharge.Add(transaction, site.SelfText, project, thing, more, operationId);
        }
    }

    /// <summary>After a refusal: asks the other sites for what the share lacked, so that the same request may be granted soon.</summary>
    public static async ValueTask AskAsync(SiteContext site, string project, QuotaAmounts more, CancellationToken cancellationToken)
    {
        if (!QuotaMode.IsHard(StateView.Of(site.Replica), project))
        {
            return;
        }

        await site.DecideAsync(
            Actor.System(ShareReconciler.Author),
            transaction =>
            {
                var state = StateView.Of(transaction);
                foreach (var resource in QuotaResource.All.Where(r => more.Of(r) > 0))
                {
                    var limit = QuotaService.LimitOf(state, project, resource);
                    var ledger = ShareLedger.Read(state, project, resource, limit);
                    var own = ledger.Of(site.SelfText);
                    var lacking = more.Of(resource) - ledger.Spendable(site.SelfText);
                    var cells = ledger.Cells.GetValueOrDefault(site.SelfText) ?? ShareCells.Empty;
                    if (limit >= more.Of(resource) && lacking > 0 && !ledger.Doubtful.Contains(site.SelfText) && own.Received + lacking > cells.Need)
                    {
                        (cells with { Need = own.Received + lacking }).Write(transaction, project, site.SelfText, resource);
                    }
                }

                return default(Unit);
            },
            cancellationToken);
    }

    private static Refusal Refused(SiteContext site, StateView state, ShareLedger ledger, long requested)
    {
        var names = new SiteDirectory(site, state);
        var own = ledger.Of(site.SelfText);
        var others = ledger.Shares.Where(s => s.Site != site.SelfText && s.Free > 0)
            .OrderByDescending(s => s.Free).ThenBy(s => s.Site, StringComparer.Ordinal).ToList();
        var doubt = ledger.Doubtful.Contains(site.SelfText)
            ? " The site was restored or copied, so its share is left alone until a person has dealt with that (skerry alert list)."
            : "";
        var rest = others.Count == 0
            ? "no other site is known to have any of it left"
            : $"what is left of it, as far as is known here: {string.Join(", ", others.Select(s => $"{s.Free} at site {names.NameOf(s.Site)}"))}";
        return new Refusal(
            RefusalKind.Quota,
            $"The quota {ledger.Resource} is hard, and the share of site {site.SiteName} does not allow it: requested {requested}, share {own.Share}, in use of it {own.Used}. Of the limit {ledger.Limit}, {rest}.{doubt}",
            others.Count == 0
                ? "Delete what is not needed, or ask an administrator for a higher limit."
                : "More was asked for: try again in a moment. While those sites cannot be reached, make it there.",
            ledger.Resource);
    }
}
