using Skerry.State.Clocks;
using Skerry.Sync.Protocol;

namespace Skerry.Sync.Peers;

/// <summary>What this site knows of the life of another, at the moment of asking.</summary>
/// <param name="Site">The other one.</param>
/// <param name="Via">The neighbour that this is from: the site itself when its own link says so.</param>
/// <param name="By">Who heard it over a link of its own.</param>
/// <param name="Hops">Sites between: 0 over an own link.</param>
/// <param name="Age">It lived at most so long ago.</param>
/// <param name="IsFresh">So little that a chain of live links leads there.</param>
/// <param name="IsBehind">On one of them somebody still catches up.</param>
public sealed record Hearsay(SiteId Site, SiteId Via, SiteId By, int Hops, TimeSpan Age, bool IsFresh, bool IsBehind);

/// <summary>
/// When each site of the cloud was last alive, as far as links and what neighbours tell say. Costs no mutation: it is told with
/// heartbeats, and forgotten with the process. Safe for concurrent use.
/// </summary>
/// <remarks>
/// <para>An age never grows younger on its way: whoever tells it adds how long he held it, and whoever is told how long the frame can
/// have been under way, by the echo of his own clock. Nobody's wall clock is asked. So two sites that vouch for a third, or for each
/// other, can only tell the same age on, and all ages of a dead site grow.</para>
/// <para>A path is left for another only when it is older by half of what it may be, so that two ways of one length do not alternate.</para>
/// </remarks>
public sealed class Gossip(SiteId self, TimeProvider time, SyncOptions options)
{
    /// <summary>A frame names at most so many sites; more take turns.</summary>
    public const int MostTold = 128;

    /// <summary>What has come further than this is no news.</summary>
    internal const int MostHops = 63;

    // What is not fresh changes nothing at the receiver, which counts on by itself: it is told now and then, for who has started anew.
    private const int StaleEvery = 30;

    private readonly Lock _lock = new();
    private readonly Dictionary<SiteId, Known> _known = [];
    private HashSet<SiteId>? _members;
    private List<SiteId>? _order;

    /// <summary>Of each site that anything is known of, by id.</summary>
    public IReadOnlyList<Hearsay> Reports
    {
        get
        {
            lock (_lock)
            {
                return [.. Order().Select(site => Report(site, _known[site]))];
            }
        }
    }

    /// <summary>Whatever is told of others than these is not believed; before it was said, anything is.</summary>
    public void SetMembers(IEnumerable<SiteId> members)
    {
        lock (_lock)
        {
            _members = [.. members];
            foreach (var gone in _known.Keys.Where(k => !_members.Contains(k)).ToList())
            {
                _known.Remove(gone);
            }

            _order = null;
        }
    }

    /// <summary>The peer lived at most so long ago: its own link says so.</summary>
    internal void Heard(SiteId peer, TimeSpan age, bool isBehind)
    {
        lock (_lock)
        {
            Take(peer, new Known(time.GetTimestamp() - Ticks(age), peer, self, 0, isBehind));
        }
    }

    /// <summary>A neighbour told, and what he said cannot be older by more than <paramref name="delay"/>.</summary>
    internal void Told(SiteId from, IReadOnlyList<Rumour> rumours, TimeSpan delay)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            foreach (var told in rumours.Where(r => r.Site != self && r.Site != from && r.Hops < MostHops))
            {
                Take(told.Site, new Known(now - Ticks(told.Age + delay), from, told.By, told.Hops + 1, told.IsBehind));
            }
        }
    }

    /// <summary>What a neighbour may not know yet.</summary>
    /// <param name="to">The neighbour.</param>
    /// <param name="turn">Counts what was told on this link, and where to go on.</param>
    internal IReadOnlyList<Rumour> Tell(SiteId to, ref GossipTurn turn)
    {
        lock (_lock)
        {
            var order = Order();
            var told = new List<Rumour>();
            var all = turn.Rounds % StaleEvery == 0;
            var looked = 0;
            for (; looked < order.Count && told.Count < MostTold; looked++)
            {
                var site = order[(turn.Next + looked) % order.Count];
                var known = _known[site];
                if (site != to && known.Via != to && Report(site, known) is var report && (all || report.IsFresh))
                {
                    told.Add(new Rumour(site, known.By, report.Age, known.Hops, report.IsBehind));
                }
            }

            var next = turn.Next + looked;
            turn = next >= order.Count ? new GossipTurn(0, turn.Rounds + 1) : turn with { Next = next };
            return told;
        }
    }

    private void Take(SiteId site, Known news)
    {
        if (_members?.Contains(site) == false)
        {
            return;
        }

        if (_known.TryGetValue(site, out var known))
        {
            var isBetterPath = news.Via == known.Via || news.Hops < known.Hops || Age(known) > Bound(known.Hops) / 2;
            if (news.AliveAt < known.AliveAt || !isBetterPath)
            {
                return;
            }
        }
        else
        {
            _order = null;
        }

        _known[site] = news;
    }

    private Hearsay Report(SiteId site, Known known)
    {
        var age = Age(known);
        var isBehind = known.IsBehind || (known.Hops > 0 && _known.TryGetValue(known.Via, out var via) && via is { Hops: 0, IsBehind: true });
        return new Hearsay(site, known.Via, known.By, known.Hops, age, age <= Bound(known.Hops), isBehind);
    }

    private TimeSpan Age(Known known) => time.GetElapsedTime(known.AliveAt) is var age && age > TimeSpan.Zero ? age : TimeSpan.Zero;

    /// <summary>How old the news of a living site can be after so many hops: on each it waits for its turn, and one frame may be lost with its connection.</summary>
    private TimeSpan Bound(int hops) => options.DeadAfter + (2 * hops * options.HeartbeatInterval * ((_known.Count / MostTold) + 1));

    private List<SiteId> Order() => _order ??= [.. _known.Keys.Order()];

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    /// <param name="AliveAt">On this site's monotonic clock.</param>
    /// <param name="Via">Who told; the site itself when it was heard.</param>
    /// <param name="By">Who heard it.</param>
    /// <param name="Hops">0 when this site did.</param>
    /// <param name="IsBehind">As told.</param>
    private readonly record struct Known(long AliveAt, SiteId Via, SiteId By, int Hops, bool IsBehind);
}

/// <summary>Where the telling on one link goes on.</summary>
internal readonly record struct GossipTurn(int Next, int Rounds);
