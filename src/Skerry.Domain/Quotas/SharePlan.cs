namespace Skerry.Domain.Quotas;

/// <summary>What a site should write of its shares next: a pure decision on one state.</summary>
internal static class SharePlan
{
    /// <summary>A site's new cells; the same ones when there is nothing to do.</summary>
    /// <param name="ledger">What is known.</param>
    /// <param name="self">The site.</param>
    /// <param name="waited">Whether a site's need has stood for so long that others than the home should meet it.</param>
    /// <param name="isAmple">Whether this site has had more at hand than it needs for a while.</param>
    public static ShareCells Next(ShareLedger ledger, string self, Func<string, bool> waited, bool isAmple)
    {
        var cells = ledger.Cells.GetValueOrDefault(self) ?? ShareCells.Empty;
        if (ledger.Limit < 0 || ledger.Home is not { } home || ledger.Doubtful.Contains(self))
        {
            return cells;
        }

        var free = ledger.Spendable(self);
        if (self == home)
        {
            (cells, free) = Mint(ledger, cells, free);
        }

        (cells, free) = Give(ledger, self, cells, free, waited);
        var own = ledger.Of(self);
        if (self != home)
        {
            // Nobody else can burn; and what lies about here may be wanted there.
            var surplus = ledger.Minted > ledger.Limit ? free : isAmple ? free - ledger.Cushion : 0;
            if (surplus > 0 && !ledger.Fenced.Contains(home))
            {
                cells = cells.Give(home, surplus);
                free -= surplus;
            }
        }

        var wanted = self == home
            ? ledger.Shares.Where(s => s.Site != self && ledger.Members.Contains(s.Site)).Sum(s => Unmet(s, Math.Max(s.Ask, s.Need))) - Math.Max(0, free)
            : free < (ledger.Cushion + 1) / 2 ? ledger.Cushion - free : 0;
        return wanted > Unmet(own, cells.Ask) ? cells with { Ask = own.Received + wanted } : cells;
    }

    private static long Unmet(SiteShare share, long wanted) => Math.Max(0, wanted - share.Received);

    /// <summary>The home alone: as much as the limit says, out of its own share where it is too much, and back from who was fenced.</summary>
    private static (ShareCells Cells, long Free) Mint(ShareLedger ledger, ShareCells cells, long free)
    {
        foreach (var lost in ledger.Fenced.Select(ledger.Of).Where(s => s.Free > 0 && s.Site != ledger.Home).OrderBy(s => s.Site, StringComparer.Ordinal))
        {
            cells = cells.Take(lost.Site, lost.Free);
            free += lost.Free;
        }

        var missing = ledger.Limit - ledger.Minted;
        if (missing > 0)
        {
            return (cells with { Minted = cells.Minted + missing }, free + missing);
        }

        var burn = Math.Min(-missing, Math.Max(0, free));
        return (burn > 0 ? cells with { Burned = cells.Burned + burn } : cells, free - burn);
    }

    /// <summary>
    /// The home gives what it has, and every site gives it what it can spare. For what was refused somewhere each site gives all that it
    /// has, but leaves it to the home for a while: what is given by several is too much.
    /// </summary>
    private static (ShareCells Cells, long Free) Give(ShareLedger ledger, string self, ShareCells cells, long free, Func<string, bool> waited)
    {
        var others = ledger.Shares.Where(s => s.Site != self && ledger.Members.Contains(s.Site))
            .OrderByDescending(s => Unmet(s, s.Need)).ThenBy(s => s.Free).ThenBy(s => s.Site, StringComparer.Ordinal);
        foreach (var other in others)
        {
            var needed = self == ledger.Home || waited(other.Site) ? Unmet(other, other.Need) : 0;
            var asked = self == ledger.Home ? Unmet(other, other.Ask)
                : other.Site == ledger.Home ? Math.Min(Unmet(other, other.Ask), free - ledger.Cushion)
                : 0;
            var amount = Math.Min(Math.Max(needed, asked), free);
            if (amount > 0)
            {
                cells = cells.Give(other.Site, amount);
                free -= amount;
            }
        }

        return (cells, free);
    }
}
