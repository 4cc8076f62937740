using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>The sites of the cloud: who they are, whether they live, and what a person decides about them.</summary>
public sealed class SiteService(SiteContext site, ILinkStatus links, SiteLives? lives = null)
{
    private readonly SiteLives _lives = lives ?? new SiteLives(site, links);

    /// <summary>All sites of the cloud, by name. Whoever is no administrator sees only what <see cref="SiteView.ForTenant"/> leaves.</summary>
    public IReadOnlyList<SiteView> List(Actor actor)
    {
        var (state, map) = Look();
        return
        [
            .. state.List(EntityKinds.Site)
                .Select(s => View(actor, s, state, map))
                .OrderBy(v => v.Name, StringComparer.Ordinal)
                .ThenBy(v => v.Id, StringComparer.Ordinal),
        ];
    }

    /// <summary>A site by id or name.</summary>
    public Outcome<SiteView> Show(Actor actor, string idOrName)
    {
        var (state, map) = Look();
        var found = Resolve(state, idOrName);
        return found.Refusal is { } refusal ? refusal : View(actor, found.Value, state, map);
    }

    /// <summary>All links of the cloud, with what their ends say of them. For administrators.</summary>
    public Outcome<IReadOnlyList<LinkView>> ListLinks(Actor actor)
    {
        if (!actor.IsAdmin)
        {
            return NotAllowed("see links");
        }

        var state = StateView.Of(site.Replica);
        return state.List(EntityKinds.Link).Select(l => View(l, state)).OfType<LinkView>().ToList();
    }

    /// <summary>
    /// Takes the link between this site and the named one down until <see cref="ConnectAsync"/>; naming this site itself takes down
    /// all its links. Both ends go on working.
    /// </summary>
    public ValueTask<Outcome<SiteView>> DisconnectAsync(Actor actor, string idOrName, string? reason, CancellationToken cancellationToken) =>
        DecideAsync(
            actor,
            "take links down",
            idOrName,
            (transaction, named) =>
            {
                var state = StateView.Of(transaction);
                foreach (var other in OthersNamed(state, named))
                {
                    var ends = LinkEnds.Of(site.SelfText, other);
                    var down = new LinkDown(reason, actor.Name, Instants.ToField(site.Now));
                    transaction.Set(ends.Key, ends.DownBy(site.SelfText), FieldValue.Serialize(down, SitesJson.Default.LinkDown));
                }

                return null;
            },
            cancellationToken);

    /// <summary>Puts back what <see cref="DisconnectAsync"/> took down, and sets the address to dial when one is given.</summary>
    /// <param name="actor">An administrator.</param>
    /// <param name="idOrName">The other site, or this one for all its links.</param>
    /// <param name="address">HOST:PORT at which this site dials the other; null leaves what is known.</param>
    /// <param name="cancellationToken">Ends the waiting, not what was written.</param>
    public ValueTask<Outcome<SiteView>> ConnectAsync(Actor actor, string idOrName, string? address, CancellationToken cancellationToken) =>
        DecideAsync(
            actor,
            "connect sites",
            idOrName,
            (transaction, named) =>
            {
                if (address is not null && !HostPort.IsValid(address))
                {
                    return HostPort.Wrong("address", address);
                }

                if (address is not null && named.Id == site.SelfText)
                {
                    return Refusal.Invalid("address", "An address belongs to another site, and this is the site itself.", "Name the site that is dialled.");
                }

                if (IsFenced(named))
                {
                    return Refusal.State($"Site {NameOf(named)} is fenced.", "Reinstate it first, once it is sure that it may write again.");
                }

                var state = StateView.Of(transaction);
                var own = LinkEnds.Of(site.SelfText, named.Id);
                if (state.Find(EntityKinds.Link, own.Id)?.DownBy(own, named.Id) is { } there)
                {
                    return Refusal.State(
                        $"The link was {there.Text} at site {NameOf(named)}.", $"Put it back there: skerry site connect {site.SiteName}");
                }

                foreach (var other in OthersNamed(state, named))
                {
                    var ends = LinkEnds.Of(site.SelfText, other);
                    transaction.Set(ends.Key, ends.DownBy(site.SelfText), FieldValue.Null);
                    if (address is not null)
                    {
                        transaction.Set(ends.Key, ends.AddressOf(other), FieldValue.FromString(address));
                    }
                }

                return null;
            },
            cancellationToken);

    /// <summary>Records that a person confirmed the loss of the site. Refused while the site is heard.</summary>
    public ValueTask<Outcome<SiteView>> MarkFailedAsync(Actor actor, string idOrName, string? reason, CancellationToken cancellationToken) =>
        DecideAsync(
            actor,
            "confirm the loss of a site",
            idOrName,
            (transaction, named) =>
            {
                var raw = _lives.Map(StateView.Of(transaction)).Raw(named.Id);
                if (raw.Aliveness is Aliveness.Connected or Aliveness.Synchronizing)
                {
                    return Refusal.State(
                        $"Site {NameOf(named)} is {AlivenessMap.Word(raw.Aliveness)}; it has not failed.", "Fence it if it must not write.");
                }

                Judge(transaction, named, Verdict.Failed, reason, actor);
                return null;
            },
            cancellationToken);

    /// <summary>Records that a person has made sure that the site writes nothing any more; its connections are refused from then on.</summary>
    public ValueTask<Outcome<SiteView>> FenceAsync(Actor actor, string idOrName, string? reason, CancellationToken cancellationToken) =>
        DecideAsync(
            actor,
            "fence sites",
            idOrName,
            (transaction, named) =>
            {
                if (named.Id == site.SelfText)
                {
                    return Refusal.State("A site cannot fence itself.", "Ask another site to, or stop this one.");
                }

                Judge(transaction, named, Verdict.Fenced, reason, actor);
                return null;
            },
            cancellationToken);

    /// <summary>
    /// Takes a site's membership away, for good: every site that hears of it closes its connections, refuses new ones, and no longer
    /// honours tokens that it signed. What others had from it before they heard stays. It says nothing of the site's storage: that is
    /// what fencing confirms.
    /// </summary>
    public ValueTask<Outcome<SiteView>> RevokeAsync(Actor actor, string idOrName, string? reason, CancellationToken cancellationToken) =>
        DecideAsync(
            actor,
            "revoke sites",
            idOrName,
            (transaction, named) =>
            {
                if (named.Id == site.SelfText)
                {
                    return Refusal.State("A site cannot revoke itself.", "Ask another site to, or stop this one.");
                }

                if (named.Revocation() is null)
                {
                    var revocation = new SiteRevocation(reason, actor.Name, Instants.ToField(site.Now));
                    transaction.Set(named.Key, SiteFields.Revoked, FieldValue.Serialize(revocation, SitesJson.Default.SiteRevocation));
                }

                return null;
            },
            cancellationToken);

    /// <summary>
    /// Lets nobody wait for the site any more: a silent one keeps the others from forgetting what it may lack. It stays a member in
    /// every other way, and its writes count when it returns; what it asked for meanwhile and nobody began is discarded.
    /// </summary>
    public ValueTask<Outcome<SiteView>> EvictAsync(Actor actor, string idOrName, string? reason, CancellationToken cancellationToken) =>
        DecideAsync(
            actor,
            "evict sites",
            idOrName,
            (transaction, named) =>
            {
                if (named.Id == site.SelfText)
                {
                    return Refusal.State("A site cannot evict itself.", "Ask another site to.");
                }

                var life = _lives.Map(StateView.Of(transaction)).Raw(named.Id);
                if (life.Aliveness is Aliveness.Connected or Aliveness.Synchronizing)
                {
                    return Refusal.State(
                        $"Site {NameOf(named)} is {AlivenessMap.Word(life.Aliveness)}; nobody waits for it in vain.",
                        "Only a silent site is evicted; to end a membership: skerry site revoke.");
                }

                if (Eviction.Of(named) is null or { IsOver: true } && State.Clocks.SiteId.TryParse(named.Id, out var id))
                {
                    var vector = site.Replica.Vector;
                    var known = Positions.Of(vector.Naming(vector.Retired).Where(dot => dot.Site == id));
                    Write(transaction, named, new Eviction(actor.Name, Instants.ToField(site.Now), reason, known));
                }

                return null;
            },
            cancellationToken);

    /// <summary>Records that a person has dealt with a site that was restored or copied; the alert of it ends.</summary>
    public ValueTask<Outcome<SiteView>> AcceptAsync(Actor actor, string idOrName, CancellationToken cancellationToken) =>
        DecideAsync(
            actor,
            "accept restored sites",
            idOrName,
            (transaction, named) =>
            {
                if (IdentityRecord.Of(named) is not { } record)
                {
                    return Refusal.State(
                        $"Site {NameOf(named)} was neither restored nor copied; there is nothing to accept.", "See its alerts: skerry alert list");
                }

                transaction.Set(named.Key, SiteFields.Accepted, FieldValue.FromString(record.At));
                return null;
            },
            cancellationToken);

    /// <summary>Takes back <c>failed</c>, <c>fenced</c> or an eviction: the site is a full member again.</summary>
    public ValueTask<Outcome<SiteView>> ReinstateAsync(Actor actor, string idOrName, CancellationToken cancellationToken) =>
        DecideAsync(
            actor,
            "reinstate sites",
            idOrName,
            (transaction, named) =>
            {
                if (named.Revocation() is { } revocation)
                {
                    return Refusal.State(
                        $"Site {NameOf(named)} was {revocation.Text}; that is not taken back.",
                        "Let it join again as a new site: an empty data_dir there, and skerry site invite here.");
                }

                transaction.Set(named.Key, SiteFields.Verdict, FieldValue.Null);
                if (Eviction.Of(named) is { IsOver: false } eviction)
                {
                    Write(transaction, named, eviction with { IsOver = true });
                }

                return null;
            },
            cancellationToken);

    private static Refusal NotAllowed(string what) =>
        new(RefusalKind.NotAllowed, $"Only an administrator may {what}.");

    private static void Write(ITransaction transaction, Entity named, Eviction eviction) =>
        transaction.Set(named.Key, SiteFields.Evicted, FieldValue.Serialize(eviction, SitesJson.Default.Eviction));

    private static string NameOf(Entity entity) => entity.Text(SiteFields.Name, entity.Id);

    private static bool IsFenced(Entity entity) =>
        entity.Json(SiteFields.Verdict, SitesJson.Default.Verdict) is { State: Verdict.Fenced };

    private static Outcome<Entity> Resolve(StateView state, string idOrName)
    {
        var all = state.List(EntityKinds.Site);
        var found = all.Where(s => s.Id == idOrName || s.Text(SiteFields.Name) == idOrName).ToList();
        return found switch
        {
            [var one] => one,
            [] => Refusal.NotFound("site", idOrName) with
            {
                NextStep = $"The sites are {string.Join(", ", all.Select(NameOf).Order(StringComparer.Ordinal))}.",
            },
            _ => Refusal.Invalid(
                "site", $"There are {found.Count} sites named {idOrName}.", $"Give the id of one: {string.Join(", ", found.Select(s => s.Id))}."),
        };
    }

    private (StateView State, AlivenessMap Map) Look()
    {
        var state = StateView.Of(site.Replica);
        return (state, _lives.Map(state));
    }

    private IEnumerable<string> OthersNamed(StateView state, Entity named) => named.Id != site.SelfText
        ? [named.Id]
        : state.List(EntityKinds.Site).Select(s => s.Id).Where(id => id != site.SelfText).ToList();

    private void Judge(ITransaction transaction, Entity named, string word, string? reason, Actor actor) =>
        transaction.Set(
            named.Key,
            SiteFields.Verdict,
            FieldValue.Serialize(new Verdict(word, reason, actor.Name, Instants.ToField(site.Now)), SitesJson.Default.Verdict));

    private async ValueTask<Outcome<SiteView>> DecideAsync(
        Actor actor, string what, string idOrName, Func<ITransaction, Entity, Refusal?> decide, CancellationToken cancellationToken)
    {
        if (!actor.IsAdmin)
        {
            return NotAllowed(what);
        }

        var outcome = await site.DecideAsync(
            actor,
            transaction =>
            {
                var found = Resolve(StateView.Of(transaction), idOrName);
                return found.Refusal ?? decide(transaction, found.Value);
            },
            cancellationToken);
        return outcome is { } refusal ? refusal : Show(actor, idOrName);
    }

    private SiteView View(Actor actor, Entity entity, StateView state, AlivenessMap map)
    {
        var life = map.Of(entity);
        var isSelf = entity.Id == site.SelfText;
        var report = links.Reports.FirstOrDefault(r => r.Peer.ToString() == entity.Id);
        var ends = LinkEnds.Of(site.SelfText, entity.Id);
        var view = new SiteView
        {
            Id = entity.Id,
            Name = NameOf(entity),
            Region = entity.Text(SiteFields.Region, NameOf(entity)),
            Role = entity.Text(SiteFields.Role, "edge"),
            IsSelf = isSelf,
            Aliveness = life.Aliveness,
            Reason = entity.Revocation()?.Text ?? Rotation(state, entity) ?? Evicted(entity, life.Reason),
            Since = life.Since,
            LastHeardAt = life.LastHeardAt,
            AgeSeconds = life.LastHeardAt is { } heard ? Math.Max(0, (site.Now - heard).TotalSeconds) : null,
            Via = life.Via is { } via ? state.Find(EntityKinds.Site, via)?.Text(SiteFields.Name) ?? via : null,
            Address = isSelf
                ? entity.Text(SiteFields.SyncAddress)
                : state.Find(EntityKinds.Link, ends.Id)?.Text(ends.AddressOf(entity.Id)),
            ApiUrl = entity.Text(SiteFields.ApiUrl),
            Version = entity.Text(SiteFields.Version),
            CertificatePin = CertificatePin.Of(entity.Text(SiteFields.Certificate)),
            JoinedAt = entity.Instant(SiteFields.JoinedAt),
            Knowledge = isSelf ? [] : map.Knowledge(entity.Id),
            Backends = BackendReport.Of(state, entity.Id),
            RoundTripMilliseconds = report?.RoundTripMilliseconds,
            DriftMilliseconds = report?.DriftMilliseconds,
        };
        return actor.IsAdmin ? view : view.ForTenant();
    }

    private static string? Rotation(StateView state, Entity entity) => entity.Text(SiteFields.NextCertificate) is null
        ? null
        : CertificateRotationService.WaitsFor(state, entity) is { Count: > 0 } waits
            ? $"replaces its certificate as soon as {string.Join(", ", waits)} accept the next one"
            : "replaces its certificate";

    private static string? Evicted(Entity entity, string? reason) => Eviction.Of(entity) is not { IsOver: false } eviction ? reason
        : reason is null ? eviction.Text
        : $"{eviction.Text}; {reason}";

    private static LinkView? View(Entity link, StateView state)
    {
        if (LinkEnds.Parse(link.Id) is not { } ends)
        {
            return null;
        }

        return new LinkView
        {
            Id = link.Id,
            SiteA = state.Find(EntityKinds.Site, ends.A)?.Text(SiteFields.Name) ?? ends.A,
            SiteB = state.Find(EntityKinds.Site, ends.B)?.Text(SiteFields.Name) ?? ends.B,
            AddressA = link.Text(SiteFields.AddressA),
            AddressB = link.Text(SiteFields.AddressB),
            IsDisconnected = link.IsDown(ends),
            SeenByA = link.Json(SiteFields.SeenByA, SitesJson.Default.LinkObservation),
            SeenByB = link.Json(SiteFields.SeenByB, SitesJson.Default.LinkObservation),
        };
    }
}
