using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>Keeps the peers of sync in line with the sites and links of the cloud.</summary>
/// <remarks>
/// Every member may sync with every other unless a person took their link down or fenced one of them; a link entity adds where they
/// reach each other. So a site that only dials out is served like any other.
/// </remarks>
public sealed class LinkReconciler(SiteContext site, ILinkControl links) : IReconciler
{
    public string Name => "links";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Site, EntityKinds.Link];

    public ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var own = state.Find(EntityKinds.Site, site.SelfText);
        var targets = new List<LinkTarget>();
        var reports = new List<StepReport>();
        foreach (var other in state.List(EntityKinds.Site))
        {
            if (other.Id == site.SelfText || !SiteId.TryParse(other.Id, out var id))
            {
                continue;
            }

            var name = other.Text(SiteFields.Name, other.Id);
            if (CertificatePin.Of(other.Text(SiteFields.Certificate)) is not { } pin)
            {
                reports.Add(new StepReport($"Site {name} has no certificate that can be read; it cannot be linked.", IsProblem: true));
                continue;
            }

            var ends = LinkEnds.Of(site.SelfText, other.Id);
            var link = state.Find(EntityKinds.Link, ends.Id);
            var refusal = Refusal(own, other, name, link);
            targets.Add(new LinkTarget(id, name, pin, link?.Text(ends.AddressOf(other.Id)), refusal is null, refusal));
        }

        links.SetPeers(targets);
        return ValueTask.FromResult(StepResult.Done.With(reports));
    }

    private string? Refusal(Entity? own, Entity other, string name, Entity? link)
    {
        if (IsFenced(other))
        {
            return $"Site {name} is fenced.";
        }

        if (own is not null && IsFenced(own))
        {
            return $"Site {site.SiteName} is fenced.";
        }

        if (link?.Flag(SiteFields.Disconnected) is not true)
        {
            return null;
        }

        var reason = link.Text(SiteFields.DisconnectReason);
        return $"The link between {site.SiteName} and {name} was taken down by hand{(reason is null ? "" : $": {reason}")}.";
    }

    private static bool IsFenced(Entity entity) =>
        entity.Json(SiteFields.Verdict, SitesJson.Default.Verdict) is { State: Verdict.Fenced };
}
