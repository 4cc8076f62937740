using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>What is known of the life of one site.</summary>
/// <param name="Aliveness">The word.</param>
/// <param name="Since">Since when; null when not known.</param>
/// <param name="LastHeardAt">The last moment for which anything is known; null when never heard.</param>
/// <param name="Via">The id of the neighbour through which it is known; null for a direct link or none.</param>
/// <param name="Reason">What there is to add, in words.</param>
internal sealed record Life(
    Aliveness Aliveness, DateTimeOffset? Since, DateTimeOffset? LastHeardAt, string? Via = null, string? Reason = null);

/// <summary>
/// Derives the life of every site from what this site hears itself and what others wrote down. The rules:
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>A neighbour is what the own link says. A link taken down by hand here is <c>disconnected</c>, whatever else is known; one
/// taken down at the other end is, unless the site is reached in another way.</item>
/// <item>A site that a reached site says it is connected with is reached too. Since reports are written when they change, one of a
/// reached site is as fresh as that site.</item>
/// <item>A site that is not reached was heard last when the latest of all reports says. It is <c>autonomous</c>: the truth may be
/// that it is down, or that the way to it is. Never heard at all is <c>unknown</c>.</item>
/// <item>A person's verdict goes before all that; but <c>failed</c> only until the site is heard again.</item>
/// </list>
/// </remarks>
internal sealed class AlivenessMap
{
    private readonly string _self;
    private readonly DateTimeOffset _now;
    private readonly StateView _state;
    private readonly Dictionary<string, LinkReport> _reports;
    private readonly Dictionary<string, List<(LinkEnds Ends, Entity Entity)>> _links = [];
    private readonly Dictionary<string, Life> _reached = [];

    public AlivenessMap(string self, StateView state, IReadOnlyList<LinkReport> reports, DateTimeOffset now)
    {
        _self = self;
        _now = now;
        _state = state;
        _reports = reports.ToDictionary(r => r.Peer.ToString());
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
            return new Life(Aliveness.Connected, null, _now);
        }

        var life = Observed(site.Id);
        if (site.Json(SiteFields.Verdict, SitesJson.Default.Verdict) is not { } verdict)
        {
            return life;
        }

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
        foreach (var (ends, link) in LinksOf(id))
        {
            var observer = ends.OtherThan(id);
            var observed = link.Json(ends.SeenBy(observer), SitesJson.Default.LinkObservation);
            if (observed?.LastHeardAt is not { } at || at <= (latest?.LastHeardAt ?? DateTimeOffset.MinValue))
            {
                continue;
            }

            var isDown = observed.State == Word(Aliveness.Disconnected) && _reached.ContainsKey(observer);
            latest = new Life(
                isDown ? Aliveness.Disconnected : Aliveness.Autonomous,
                observed.State == Word(Aliveness.Connected) ? null : observed.Since,
                at,
                observer == _self ? null : observer,
                observed.Reason ?? report?.LastError);
        }

        return latest;
    }

    private void Reach()
    {
        var queue = new Queue<(string Site, string First, DateTimeOffset HeardAt)>();
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
                _reached[id] = new Life(word, report.Since, heard, null, word == Aliveness.Connected ? null : report.LastError);
                queue.Enqueue((id, id, heard));
            }
        }

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
                _reached[to] = new Life(word, observed.Since, from.HeardAt, from.First, observed.Reason);
                queue.Enqueue((to, from.First, from.HeardAt));
            }
        }
    }

    private List<(LinkEnds Ends, Entity Entity)> LinksOf(string site)
    {
        if (!_links.TryGetValue(site, out var links))
        {
            _links[site] = links = [];
        }

        return links;
    }
}
