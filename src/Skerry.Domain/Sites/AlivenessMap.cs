using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>What is known of the life of one site.</summary>
/// <param name="Aliveness">The word.</param>
/// <param name="Since">Since when; null when not known.</param>
/// <param name="LastHeardAt">The last moment for which anything is known, by this site's clock; null when never heard.</param>
/// <param name="Via">The id of the neighbour through which it is known; null for a direct link or none.</param>
/// <param name="Reason">What there is to add, in words.</param>
internal sealed record Life(
    Aliveness Aliveness, DateTimeOffset? Since, DateTimeOffset? LastHeardAt, string? Via = null, string? Reason = null)
{
    /// <summary>It is heard now, over a link that stands or a chain of them; whatever the word, which may lag behind.</summary>
    public bool IsUp { get; init; }
}

/// <summary>
/// Derives the life of every site from what this site hears itself, what neighbours tell, and what others wrote down. The rules:
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>A neighbour is what the own link says. A link taken down by hand here is <c>disconnected</c>, whatever else is known; one
/// taken down at the other end is, unless the site is reached in another way.</item>
/// <item>Another site is reached while the news of it, told from neighbour to neighbour, is as young as that of a living one can be.
/// Ages count elapsed time and never grow younger on their way, so whoever is dead grows old everywhere, also where two vouch for it.</item>
/// <item>Behind a neighbour of an older version that tells nothing, a site is reached when a reached site wrote that it is connected with it.</item>
/// <item>A site that is not reached was heard last when the youngest news says; where there is none since this daemon started, when
/// others wrote that they heard it, by their clocks. It is <c>autonomous</c>: the truth may be that it is down, or that the way to it is.
/// Never heard at all is <c>unknown</c>.</item>
/// <item>Who was lost often of late is called reached again only when that has lasted: <see cref="FlapDamping"/>.</item>
/// <item>A person's verdict, or a quorum of witnesses, goes before all that; but <c>failed</c> only until the site is heard again.</item>
/// </list>
/// </remarks>
internal sealed class AlivenessMap
{
    private readonly string _self;
    private readonly DateTimeOffset _now;
    private readonly StateView _state;
    private readonly SiteLives? _lives;
    private readonly Dictionary<string, LinkReport> _reports;
    private readonly Dictionary<string, SiteHearsay> _hearsay;
    private readonly Dictionary<string, List<(LinkEnds Ends, Entity Entity)>> _links = [];
    private readonly Dictionary<string, Life> _reached = [];

    /// <param name="self">This site's id.</param>
    /// <param name="state">What is written down.</param>
    /// <param name="links">What is heard.</param>
    /// <param name="now">By this site's clock.</param>
    /// <param name="lives">What is remembered from before; null to judge by this moment alone.</param>
    public AlivenessMap(string self, StateView state, ILinkStatus links, DateTimeOffset now, SiteLives? lives = null)
    {
        _self = self;
        _now = now;
        _state = state;
        _lives = lives;
        _reports = links.Reports.ToDictionary(r => r.Peer.ToString());
        _hearsay = links.Hearsay.ToDictionary(h => h.Site.ToString());
        foreach (var link in state.List(EntityKinds.Link))
        {
            if (LinkEnds.Parse(link.Id) is { } ends)
            {
                LinksOf(ends.A).Add((ends, link));
                LinksOf(ends.B).Add((ends, link));
            }
        }

        Reach();
    }

    /// <summary>The word of the design for it.</summary>
    public static string Word(Aliveness aliveness) => aliveness switch
    {
        Aliveness.Connected => "connected",
        Aliveness.Synchronizing => "synchronizing",
        Aliveness.Autonomous => "autonomous",
        Aliveness.Disconnected => "disconnected",
        Aliveness.Failed => "failed",
        Aliveness.Fenced => "fenced",
        _ => "unknown",
    };

    public Life Of(Entity site)
    {
        if (site.Id == _self)
        {
            return Raw(_self);
        }

        var raw = Raw(site.Id);
        var life = _lives?.Damping.Show(site.Id, raw) ?? raw;
        if (site.Json(SiteFields.Verdict, SitesJson.Default.Verdict) is { } verdict)
        {
            var at = Instants.Parse(verdict.At);
            var said = $"{verdict.State}, says {verdict.By}{(verdict.Reason is null ? "" : $": {verdict.Reason}")}";
            if (verdict.State == Verdict.Fenced)
            {
                return life with { Aliveness = Aliveness.Fenced, Since = at, Reason = said };
            }

            return life.LastHeardAt > at
                ? life with { Reason = $"heard again after it was called {said}" }
                : life with { Aliveness = Aliveness.Failed, Since = at, Reason = said };
        }

        return !raw.IsUp && life.Aliveness == Aliveness.Autonomous && _lives?.Votes.Of(_state, site.Id) is { IsQuorum: true } votes
            ? life with { Aliveness = Aliveness.Failed, Reason = votes.Text(NameOf) }
            : life;
    }

    /// <summary>What is known at this moment, before anybody's verdict and whatever was before.</summary>
    public Life Raw(string id) => id == _self ? new Life(Aliveness.Connected, null, _now) { IsUp = true } : Observed(id);

    /// <summary>All that there is on a site, with who says so and how old it is.</summary>
    public IReadOnlyList<SiteKnowledge> Knowledge(string id)
    {
        var known = new List<SiteKnowledge>();
        if (_reports.GetValueOrDefault(id) is { } report)
        {
            var error = report.LastError is null ? "" : $"; {report.LastError}";
            known.Add(new SiteKnowledge(NameOf(_self), $"link: {HealthWord(report.Health)}{error}", AgeOf(report.LastHeardAt)));
        }

        if (_hearsay.GetValueOrDefault(id) is { Hops: > 0 } told)
        {
            var others = told.Hops == 1 ? "" : $", told on by {told.Hops - 1} more";
            known.Add(new SiteKnowledge(
                NameOf(told.Via.ToString()),
                $"tells that {NameOf(told.By.ToString())} heard it{others}{(!told.IsFresh ? "; too old to call it reached" : told.IsBehind ? "; somebody on the way catches up" : "")}",
                Math.Round(told.Age.TotalSeconds, 3)));
        }

        foreach (var (ends, link) in LinksOf(id))
        {
            var observer = ends.OtherThan(id);
            if (link.Json(ends.SeenBy(observer), SitesJson.Default.LinkObservation) is { } seen)
            {
                known.Add(new SiteKnowledge(
                    NameOf(observer),
                    $"wrote {seen.State} since {Instants.ToField(seen.Since)}{(seen.LastHeardAt is { } at && seen.State != "connected" ? $", last heard {Instants.ToField(at)} by its clock" : "")}",
                    null));
            }
        }

        foreach (var (witness, vote, age) in _lives?.Votes.Of(_state, id).Votes ?? [])
        {
            known.Add(new SiteKnowledge(NameOf(witness), $"votes as a witness that it is lost: not heard since {vote.SinceAt}", Math.Round(age.TotalSeconds, 3)));
        }

        return known;
    }

    private Life Observed(string id)
    {
        var (ends, own) = LinksOf(_self).FirstOrDefault(l => l.Ends.Has(id));
        if (own?.DownBy(ends, _self) is { } down)
        {
            return new Life(Aliveness.Disconnected, Instants.Parse(down.At), LastHeard(id)?.LastHeardAt, null, $"link {down.Text}");
        }

        if (_reached.TryGetValue(id, out var life))
        {
            return life;
        }

        if (own?.DownBy(ends, id) is { } downThere)
        {
            return new Life(
                Aliveness.Disconnected, Instants.Parse(downThere.At), LastHeard(id)?.LastHeardAt, null, $"link {downThere.Text} at the other end");
        }

        if (LastHeard(id) is { } last)
        {
            return last;
        }

        var error = _reports.GetValueOrDefault(id)?.LastError;
        return new Life(Aliveness.Unknown, null, null, null, error);
    }

    /// <summary>The latest that anybody heard of a site that is not reached; null when nobody ever did.</summary>
    private Life? LastHeard(string id)
    {
        var report = _reports.GetValueOrDefault(id);
        var latest = report?.LastHeardAt is { } heard
            ? new Life(Aliveness.Autonomous, report.Health == LinkHealth.Silent ? report.Since : heard, heard, null, report.LastError)
            : null;
        var told = _hearsay.GetValueOrDefault(id);
        if (told is not null && _now - told.Age is var alive && alive > (latest?.LastHeardAt ?? DateTimeOffset.MinValue))
        {
            latest = new Life(Aliveness.Autonomous, alive, alive, told.Hops == 0 ? null : told.Via.ToString(), report?.LastError);
        }

        var (writtenAt, isDown) = (DateTimeOffset.MinValue, false);
        foreach (var (ends, link) in LinksOf(id))
        {
            var observer = ends.OtherThan(id);
            var observed = link.Json(ends.SeenBy(observer), SitesJson.Default.LinkObservation);
            if (observed?.LastHeardAt is not { } at || at <= writtenAt)
            {
                continue;
            }

            (writtenAt, isDown) = (at, observed.State == Word(Aliveness.Disconnected) && (observer == _self || _reached.ContainsKey(observer)));
            if ((told is null || isDown) && at > (latest?.LastHeardAt ?? DateTimeOffset.MinValue))
            {
                latest = new Life(
                    Aliveness.Autonomous,
                    observed.State == Word(Aliveness.Connected) ? null : observed.Since,
                    at,
                    observer == _self ? null : observer,
                    observed.Reason ?? report?.LastError ?? (observer == _self ? null : $"by the clock of {NameOf(observer)}"));
            }
        }

        return isDown && latest is not null ? latest with { Aliveness = Aliveness.Disconnected } : latest;
    }

    private void Reach()
    {
        var silent = new Queue<(string Site, string First, DateTimeOffset HeardAt)>();
        foreach (var (id, report) in _reports)
        {
            var word = report.Health switch
            {
                LinkHealth.Live => Aliveness.Connected,
                LinkHealth.CatchingUp or LinkHealth.Interrupted => Aliveness.Synchronizing,
                _ => Aliveness.Unknown,
            };
            if (word is not Aliveness.Unknown && report.LastHeardAt is { } heard)
            {
                _reached[id] = new Life(word, report.Since, heard, null, word == Aliveness.Connected ? null : report.LastError)
                {
                    IsUp = report.Health != LinkHealth.Interrupted,
                };
                if (!report.Gossips)
                {
                    silent.Enqueue((id, id, heard));
                }
            }
        }

        foreach (var (id, told) in _hearsay)
        {
            if (told is { IsFresh: true, Hops: > 0 } && (!_reached.TryGetValue(id, out var direct) || !direct.IsUp))
            {
                var reason = $"heard by {NameOf(told.By.ToString())}{(told.IsBehind ? "; somebody on the way catches up" : "")}";
                _reached[id] = new Life(
                    told.IsBehind ? Aliveness.Synchronizing : Aliveness.Connected, null, _now - told.Age, told.Via.ToString(), reason)
                {
                    IsUp = true,
                };
            }
        }

        ReachAsWritten(silent);
    }

    /// <summary>Behind neighbours that tell nothing: since reports are written when they change, one of a reached site is as fresh as that site.</summary>
    private void ReachAsWritten(Queue<(string Site, string First, DateTimeOffset HeardAt)> queue)
    {
        while (queue.TryDequeue(out var from))
        {
            foreach (var (ends, link) in LinksOf(from.Site))
            {
                var to = ends.OtherThan(from.Site);
                var observed = link.Json(ends.SeenBy(from.Site), SitesJson.Default.LinkObservation);
                if (to == _self || _reached.ContainsKey(to) || link.IsDown(ends)
                    || observed?.State is not ("connected" or "synchronizing"))
                {
                    continue;
                }

                var word = observed.State == "connected" ? Aliveness.Connected : Aliveness.Synchronizing;
                _reached[to] = new Life(word, observed.Since, from.HeardAt, from.First, observed.Reason) { IsUp = true };
                queue.Enqueue((to, from.First, from.HeardAt));
            }
        }
    }

    private string NameOf(string id) => _state.Find(EntityKinds.Site, id)?.Text(SiteFields.Name) ?? id;

    private double? AgeOf(DateTimeOffset? heard) => heard is { } at ? Math.Max(0, (_now - at).TotalSeconds) : null;

    private static string HealthWord(LinkHealth health) => health switch
    {
        LinkHealth.Live => "live",
        LinkHealth.CatchingUp => "live, one end catches up",
        LinkHealth.Interrupted => "broken a moment ago",
        LinkHealth.Silent => "silent",
        _ => "not heard since this daemon started",
    };

    private List<(LinkEnds Ends, Entity Entity)> LinksOf(string site)
    {
        if (!_links.TryGetValue(site, out var links))
        {
            _links[site] = links = [];
        }

        return links;
    }
}
