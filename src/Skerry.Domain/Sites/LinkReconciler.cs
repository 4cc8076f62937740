using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>Keeps the peers of sync in line with the sites and links of the cloud.</summary>
/// <remarks>
/// Every member may sync with every other; a link entity adds where they reach each other, so a site that only dials out is served
/// like any other. An end refuses only for what was decided at itself, or of the other site: an end that obeyed what the other
/// decided could never hear that it was taken back. A revoked site is no peer at all: nothing of it is known any more.
/// Once the next certificate of a site is accepted here, this site says so, for that site to wait for.
/// </remarks>
public sealed class LinkReconciler(SiteContext site, ILinkControl links) : IReconciler
{
    public string Name => "links";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Site, EntityKinds.Link];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var targets = new List<LinkTarget>();
        var reports = new List<StepReport>();
        foreach (var other in state.List(EntityKinds.Site))
        {
            if (other.Id == site.SelfText || !SiteId.TryParse(other.Id, out var id))
            {
                continue;
            }

            if (other.Revocation() is not null)
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
            var refusal = Refusal(other, name, link, ends);
            targets.Add(new LinkTarget(id, name, pin, link?.Text(ends.AddressOf(other.Id)), refusal is null, refusal)
            {
                NextPin = CertificatePin.Of(other.Text(SiteFields.NextCertificate)),
            });
        }

        links.SetPeers(targets);
        await SayAcceptedAsync(targets, cancellationToken);
        return StepResult.Done.With(reports);
    }

    private async ValueTask SayAcceptedAsync(IReadOnlyList<LinkTarget> targets, CancellationToken cancellationToken)
    {
        var accepted = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var target in targets.Where(t => t.NextPin is not null))
        {
            accepted.Add(target.Site.ToString(), target.NextPin!);
        }

        var value = FieldValue.Serialize(accepted, SitesJson.Default.SortedDictionaryStringString);
        if (site.Replica.Find(SiteFields.Site(site.SelfText)) is { IsDeleted: false } self
            && (self.TryGet(SiteFields.AcceptsNext, out var said) ? said != value : accepted.Count > 0))
        {
            await site.DecideAsync(
                Actor.System(Name),
                transaction =>
                {
                    transaction.SetIfDifferent(self.Key, SiteFields.AcceptsNext, value, DomainSchema.OwnerRank);
                    return default(Unit);
                },
                cancellationToken);
        }
    }

    private string? Refusal(Entity other, string name, Entity? link, LinkEnds ends)
    {
        if (other.Json(SiteFields.Verdict, SitesJson.Default.Verdict) is { State: Verdict.Fenced })
        {
            return $"Site {name} is fenced.";
        }

        return link?.DownBy(ends, site.SelfText) is { } down
            ? $"The link between {site.SiteName} and {name} was {down.Text}."
            : null;
    }
}
