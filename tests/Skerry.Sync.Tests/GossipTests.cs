using Skerry.State.Clocks;
using Skerry.Sync.Peers;
using Skerry.Sync.Protocol;
using Skerry.Sync.Tests.Protocol;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.Time;

namespace Skerry.Sync.Tests;

/// <summary>What sites know of each other's life, over graphs whose links delay, lose one way and break, on clocks that do not agree.</summary>
public sealed class GossipTests
{
    private const int StepMilliseconds = 100;

    [Fact]
    public async Task No_age_is_ever_younger_than_the_truth_and_no_dead_site_stays_fresh_and_every_reached_one_becomes_so() =>
        await Chance.ForEachSeedAsync(40, chance =>
        {
            var world = new World(chance, sites: 3 + chance.Below(6));
            for (var step = 0; step < 600; step++)
            {
                world.Disturb();
                world.Step();
                world.CheckAges();
            }

            // Nothing dies or breaks any more; whoever is reached is known to be, whoever is not is not.
            world.Heal();
            for (var step = 0; step < 600; step++)
            {
                world.Step();
                world.CheckAges();
            }

            world.CheckReached();
            return Task.CompletedTask;
        });

    [Fact]
    public void Two_sites_of_a_ring_that_vouch_for_a_dead_one_and_for_each_other_grow_silent()
    {
        var world = new World(new Chance(1), 4, [(0, 1), (1, 2), (2, 3), (3, 0)]);
        world.Run(20);
        Assert.True(world.Known(0, 2).IsFresh);

        world.Kill(2);
        world.Run(60);
        Assert.All([0, 1, 3], s => Assert.False(world.Known(s, 2).IsFresh));
        Assert.InRange(world.Known(0, 2).Age.TotalSeconds, 60, 62);

        world.Kill(1);
        world.Run(60);
        Assert.InRange(world.Known(0, 2).Age.TotalSeconds, 120, 122);
        Assert.InRange(world.Known(3, 1).Age.TotalSeconds, 60, 62);
        Assert.False(world.Known(3, 1).IsFresh);
        Assert.True(world.Known(0, 3).IsFresh);
    }

    [Fact]
    public void A_site_at_the_end_of_a_line_is_known_through_it_with_who_heard_it()
    {
        var world = new World(new Chance(1), 5, [(0, 1), (1, 2), (2, 3), (3, 4)]);
        world.Run(30);

        var last = world.Known(0, 4);
        Assert.True(last.IsFresh);
        Assert.Equal((World.Id(1), World.Id(3), 3), (last.Via, last.By, last.Hops));
        Assert.InRange(last.Age.TotalSeconds, 0, 5);

        // A way that works in one direction alone: what the far end says still comes, what this one says does not.
        world.LoseOneWay(from: 1, to: 2);
        world.Run(60);
        Assert.True(world.Known(0, 4).IsFresh);
        Assert.False(world.Known(4, 0).IsFresh);
    }

    [Fact]
    public void Many_sites_take_turns_and_stay_fresh()
    {
        var world = new World(new Chance(1), 200, [.. Enumerable.Range(1, 199).Select(i => (0, i))]);
        for (var step = 0; step < 300; step++)
        {
            world.Step();
        }

        world.CheckReached();
        Assert.InRange(world.LargestFrameBytes, 1, 128 * 24);
    }

    [Fact]
    public void Of_strangers_nothing_is_believed_and_who_was_removed_is_forgotten()
    {
        var gossip = new Gossip(World.Id(0), new ManualTime(), new SyncOptions());
        gossip.SetMembers([World.Id(1), World.Id(2)]);
        gossip.Told(World.Id(1), [.. Enumerable.Range(2, 10).Select(i => new Rumour(World.Id(i), World.Id(1), TimeSpan.Zero, 0, false))], TimeSpan.Zero);
        Assert.Equal([World.Id(2)], gossip.Reports.Select(r => r.Site));

        gossip.SetMembers([World.Id(1)]);
        Assert.Empty(gossip.Reports);
    }

    [Fact]
    public async Task Sessions_tell_after_heartbeats_and_only_who_named_the_word()
    {
        var time = new ManualTime();
        var (a, b) = (await SessionSite.StartAsync(1, time), await SessionSite.StartAsync(2, time));
        var old = await SessionSite.StartAsync(3, time, features: []);
        using var ab = new SessionPair(a, b);
        using var aOld = new SessionPair(a, old);
        for (var second = 0; second < 10; second++)
        {
            await ab.RunAsync();
            await aOld.RunAsync();
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(a.Replica.Site, Assert.Single(b.Local.Gossip.Reports, r => r.Site == old.Replica.Site).Via);
        Assert.DoesNotContain(aOld.Frames, f => f.Frame is GossipFrame);
        Assert.InRange(ab.Frames.Count(f => f is { From: 'a', Frame: GossipFrame }), 1, 10);
    }

    /// <summary>Sites with real gossip and real measures; the wire between them is a queue.</summary>
    private sealed class World
    {
        private readonly Chance _chance;
        private readonly List<Node> _nodes;
        private readonly Dictionary<(int From, int To), Way> _ways = [];
        private readonly SyncOptions _options = new();
        private int _now;

        public World(Chance chance, int sites, IReadOnlyList<(int, int)>? links = null)
        {
            _chance = chance;
            _nodes = [.. Enumerable.Range(0, sites).Select(i => new Node(i, _options, chance.Below(1000)))];
            links ??= [.. RandomGraph(sites)];
            foreach (var (a, b) in links)
            {
                _ways[(a, b)] = new Way(_nodes[a].Time);
                _ways[(b, a)] = new Way(_nodes[b].Time);
            }
        }

        public int LargestFrameBytes { get; private set; }

        public static SiteId Id(int index) => new((ulong)index + 1);

        public Hearsay Known(int at, int of) => _nodes[at].Gossip.Reports.Single(r => r.Site == Id(of));

        public void Kill(int site) => _nodes[site].DiedAt = _now;

        public void LoseOneWay(int from, int to) => _ways[(from, to)].IsLossy = true;

        public void Run(int seconds)
        {
            for (var i = 0; i < seconds * 1000 / StepMilliseconds; i++)
            {
                Step();
                CheckAges();
            }
        }

        public void Disturb()
        {
            foreach (var way in _ways.Values.Where(_ => _chance.OneIn(200)))
            {
                (way.IsLossy, way.DelayMilliseconds) = (_chance.OneIn(2), _chance.Below(800));
            }

            if (_chance.OneIn(150) && _nodes.Count(n => n.DiedAt is null) > 2)
            {
                Kill(_chance.Pick(_nodes.Where(n => n.DiedAt is null).ToList()).Index);
            }

            if (_chance.OneIn(50))
            {
                // A step of one wall clock; nobody asks it.
                var node = _chance.Pick(_nodes);
                node.Time.SetWallClock(node.Time.GetUtcNow().AddSeconds(_chance.Below(7200) - 3600));
            }
        }

        public void Heal()
        {
            foreach (var way in _ways.Values)
            {
                (way.IsLossy, way.DelayMilliseconds) = (false, _chance.Below(100));
            }
        }

        public void Step()
        {
            _now += StepMilliseconds;
            _nodes.ForEach(n => n.Time.Advance(TimeSpan.FromMilliseconds(StepMilliseconds)));
            foreach (var ((from, to), way) in _ways)
            {
                var (sender, receiver) = (_nodes[from], _nodes[to]);
                if (sender.DiedAt is null && (_now / StepMilliseconds) % 10 == sender.Phase % 10)
                {
                    Send(way, way.Measures.Next());
                    if (way.Measures.Echo() is { } echo && sender.Gossip.Tell(Id(to), ref way.Turn) is { Count: > 0 } told)
                    {
                        Send(way, new GossipFrame(echo.EchoMicroseconds, echo.HeldMicroseconds, told));
                    }
                }

                while (way.Queue.TryPeek(out var first) && first.At <= _now)
                {
                    way.Queue.Dequeue();
                    if (receiver.DiedAt is null)
                    {
                        Receive(receiver, Id(from), _ways[(to, from)].Measures, FrameCodec.Decode(first.Bytes));
                    }
                }
            }
        }

        /// <summary>Safety, at every moment.</summary>
        public void CheckAges()
        {
            foreach (var node in _nodes.Where(n => n.DiedAt is null))
            {
                foreach (var report in node.Gossip.Reports)
                {
                    var dead = _nodes[(int)report.Site.Value - 1].DiedAt is { } at ? _now - at : 0;
                    Assert.True(
                        report.Age.TotalMilliseconds >= dead - 1,
                        $"site {node.Index} says that {report.Site} lived {report.Age} ago, and it is dead for {dead} ms");
                    Assert.False(report.IsFresh && dead > 60_000, $"site {node.Index} calls {report.Site} fresh, and it is dead for {dead} ms");
                }
            }
        }

        /// <summary>Liveness, once nothing changes any more.</summary>
        public void CheckReached()
        {
            foreach (var node in _nodes.Where(n => n.DiedAt is null))
            {
                var reached = ReachedFrom(node.Index);
                var fresh = node.Gossip.Reports.Where(r => r.IsFresh).Select(r => (int)r.Site.Value - 1).Order();
                Assert.Equal(reached.Order(), fresh);
            }
        }

        private HashSet<int> ReachedFrom(int start)
        {
            HashSet<int> reached = [start];
            var queue = new Queue<int>([start]);
            while (queue.TryDequeue(out var at))
            {
                foreach (var (from, to) in _ways.Keys.Where(w => w.From == at && _nodes[w.To].DiedAt is null && reached.Add(w.To)))
                {
                    queue.Enqueue(to);
                }
            }

            reached.Remove(start);
            return reached;
        }

        private void Send(Way way, Frame frame)
        {
            var bytes = FrameCodec.Encode(frame);
            LargestFrameBytes = Math.Max(LargestFrameBytes, frame is GossipFrame ? bytes.Length : 0);
            if (!way.IsLossy)
            {
                // A connection keeps its order.
                var at = Math.Max(_now + way.DelayMilliseconds, way.Queue.Count > 0 ? way.Queue.Last().At : 0);
                way.Queue.Enqueue((at, bytes.ToArray()));
            }
        }

        private static void Receive(Node node, SiteId from, LinkMeasures measures, Frame frame)
        {
            switch (frame)
            {
                case Heartbeat beat:
                    measures.Heard(beat);
                    if (measures.Delay(beat.EchoMicroseconds, beat.HeldMicroseconds) is { } age)
                    {
                        node.Gossip.Heard(from, age, false);
                    }

                    break;
                case GossipFrame told:
                    if (measures.Delay(told.EchoMicroseconds, told.HeldMicroseconds) is { } delay)
                    {
                        node.Gossip.Told(from, told.Rumours, delay);
                    }

                    break;
            }
        }

        private IEnumerable<(int, int)> RandomGraph(int sites)
        {
            for (var i = 1; i < sites; i++)
            {
                yield return (_chance.Below(i), i);
            }

            for (var i = 0; i < sites; i++)
            {
                var (a, b) = (_chance.Below(sites), _chance.Below(sites));
                if (a != b)
                {
                    yield return (a, b);
                }
            }
        }

        private sealed class Way(TimeProvider time)
        {
            public LinkMeasures Measures { get; } = new(time);

            public Queue<(int At, byte[] Bytes)> Queue { get; } = [];

            public bool IsLossy { get; set; }

            public int DelayMilliseconds { get; set; } = 20;

            public GossipTurn Turn;
        }

        private sealed class Node
        {
            public Node(int index, SyncOptions options, int wallSeconds)
            {
                Index = index;
                Time.SetWallClock(Time.GetUtcNow().AddSeconds(wallSeconds));
                Gossip = new Gossip(Id(index), Time, options);
            }

            public int Index { get; }

            public int Phase => Index;

            public ManualTime Time { get; } = new();

            public Gossip Gossip { get; }

            public int? DiedAt { get; set; }
        }
    }
}
