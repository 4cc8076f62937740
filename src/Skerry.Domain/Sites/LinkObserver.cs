using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>
/// Writes down what this end of each link sees, so that every site knows of every other. Written when it changes and at no other
/// time: a link that stays as it is costs nothing, and how old a report can be follows from when its maker was last heard.
/// </summary>
public sealed class LinkObserver(SiteContext site, ILinkStatus links, SiteLives? lives = null) : IReconciler
{
    private readonly SiteLives _lives = lives ?? new SiteLives(site, links);

    // A burst of writes makes a link catch up for a moment; that is no news.
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    private readonly DateTimeOffset _startedAt = site.Now;

    public string Name => "link-observer";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Link];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        Watch();
        var news = new List<(LinkEnds Ends, LinkObservation Observation)>();
        foreach (var report in links.Reports)
        {
            var ends = LinkEnds.Of(site.SelfText, report.Peer.ToString());
            if (StateView.Of(site.Replica).Find(EntityKinds.Link, ends.Id) is { } link && News(link, ends, report) is { } observation)
            {
                news.Add((ends, observation));
            }
        }

        if (news.Count > 0)
        {
            await site.DecideAsync(
                Actor.System(Name),
                transaction =>
                {
                    foreach (var (ends, observation) in news)
                    {
                        if (StateView.Of(transaction).Find(EntityKinds.Link, ends.Id) is not null)
                        {
                            var value = FieldValue.Serialize(observation, SitesJson.Default.LinkObservation);
                            transaction.SetIfDifferent(ends.Key, ends.SeenBy(site.SelfText), value, DomainSchema.OwnerRank);
                        }
                    }

                    return default(Unit);
                },
                cancellationToken);
        }

        return StepResult.After(Pace);
    }

    /// <summary>Whoever comes and goes is noticed though nobody looks.</summary>
    private void Watch()
    {
        var map = _lives.Map(StateView.Of(site.Replica));
        foreach (var report in links.Reports)
        {
            _lives.Damping.Show(report.Peer.ToString(), map.Raw(report.Peer.ToString()));
        }

        foreach (var told in links.Hearsay)
        {
            _lives.Damping.Show(told.Site.ToString(), map.Raw(told.Site.ToString()));
        }
    }

    private LinkObservation? News(Entity link, LinkEnds ends, LinkReport report)
    {
        var before = link.Json(ends.SeenBy(site.SelfText), SitesJson.Default.LinkObservation);
        var down = link.DownBy(ends, site.SelfText);
        var isDown = down is not null;
        var state = isDown ? Word(Aliveness.Disconnected) : Word(report, before);
        if (state is null || state == before?.State)
        {
            return null;
        }

        var heard = report.LastHeardAt ?? before?.LastHeardAt;
        var since = isDown || state == Word(Aliveness.Autonomous) && report.LastHeardAt is null ? site.Now : report.Since;
        return new LinkObservation(state, since, heard, down?.Text ?? report.LastError);
    }

    /// <summary>Null for what is too fresh to be told.</summary>
    private string? Word(LinkReport report, LinkObservation? before) => report.Health switch
    {
        // Of a link that comes and goes, each coming would be a mutation.
        LinkHealth.Live or LinkHealth.CatchingUp when _lives.Damping.IsHeld(report.Peer.ToString()) => null,
        LinkHealth.Live => Word(Aliveness.Connected),
        LinkHealth.Silent => Word(Aliveness.Autonomous),
        LinkHealth.CatchingUp when site.Now - report.Since >= Settled => Word(Aliveness.Synchronizing),

        // A peer that was known before this daemon started, and has not shown itself for longer than a moment.
        LinkHealth.Unheard when before is not null && site.Now - _startedAt >= Settled * 3 => Word(Aliveness.Autonomous),
        _ => null,
    };

    private static string Word(Aliveness aliveness) => AlivenessMap.Word(aliveness);
}
