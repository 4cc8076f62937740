namespace Skerry.Domain.Sites;

/// <summary>The sites of the cloud: who they are, whether they live, and what a person decides about them.</summary>
public sealed partial class SiteService(SiteContext site, ILinkStatus links)
{
    /// <summary>All sites of the cloud, by name. Whoever is no administrator sees only what <see cref="SiteView.ForTenant"/> leaves.</summary>
    public IReadOnlyList<SiteView> List(Actor actor) => throw new NotImplementedException(site.ToString() + links);

    /// <summary>A site by id or name.</summary>
    public Outcome<SiteView> Show(Actor actor, string idOrName) => throw new NotImplementedException();

    /// <summary>All links of the cloud, with what their ends say of them. For administrators.</summary>
    public Outcome<IReadOnlyList<LinkView>> ListLinks(Actor actor) => throw new NotImplementedException();

    /// <summary>
    /// Takes the link between this site and the named one down until <see cref="ConnectAsync"/>; naming this site itself takes down
    /// all its links. Both ends go on working.
    /// </summary>
    public ValueTask<Outcome<SiteView>> DisconnectAsync(Actor actor, string idOrName, string? reason, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Puts back what <see cref="DisconnectAsync"/> took down, and sets the address to dial when one is given.</summary>
    /// <param name="actor">An administrator.</param>
    /// <param name="idOrName">The other site, or this one for all its links.</param>
    /// <param name="address">HOST:PORT at which this site dials the other; null leaves what is known.</param>
    /// <param name="cancellationToken">Ends the waiting, not what was written.</param>
    public ValueTask<Outcome<SiteView>> ConnectAsync(Actor actor, string idOrName, string? address, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Records that a person confirmed the loss of the site. Refused while the site is heard.</summary>
    public ValueTask<Outcome<SiteView>> MarkFailedAsync(Actor actor, string idOrName, string? reason, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Records that a person has made sure that the site writes nothing any more; its connections are refused from then on.</summary>
    public ValueTask<Outcome<SiteView>> FenceAsync(Actor actor, string idOrName, string? reason, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Takes back <c>failed</c> or <c>fenced</c>: the site is a full member again.</summary>
    public ValueTask<Outcome<SiteView>> ReinstateAsync(Actor actor, string idOrName, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
