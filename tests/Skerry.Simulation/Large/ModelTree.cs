using System.Collections;
using System.Diagnostics;
using Skerry.Simulation.Checking;

namespace Skerry.Simulation.Large;

/// <summary>
/// The tree as a model: a site is the mutations that it has in its order, and for each neighbour how far it has read them. It flushes
/// what waits when the time since the last flush reaches the delta, and holds what it knows the neighbour to have.
/// </summary>
/// <remarks>
/// What a vector is good for is counted: which mutations go over which link, in how many batches, and when all have them. It is held
/// against the real code where that can be run.
/// </remarks>
internal sealed class ModelTree
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    private readonly LargeOptions _options;
    private readonly Random _random;
    private readonly PriorityQueue<Action, (TimeSpan Due, long Number)> _events = new();

    // The mutations of each site in its order, as numbers, which two bytes hold; a site and its neighbour have them in different orders.
    private readonly List<ushort>[] _logs;
    private readonly BitArray[] _has;
    private readonly List<Lane>[] _lanes;
    private readonly int _most;
    private TimeSpan _now;
    private long _planned;
    private int _mutations;
    private long _batches;
    private long _carried;

    public ModelTree(LargeOptions options, int seed)
    {
        _options = options;
        _random = new Random(seed);
        _most = options.Sites * ((int)(options.Writing / options.WritePause) + 1);
        _logs = [.. Enumerable.Range(0, options.Sites).Select(_ => new List<ushort>())];
        _has = [.. Enumerable.Range(0, options.Sites).Select(_ => new BitArray(_most))];
        _lanes = [.. Enumerable.Range(0, options.Sites).Select(_ => new List<Lane>())];
    }

    public LargeReport Run()
    {
        var started = Stopwatch.GetTimestamp();
        for (var site = 0; site < _options.Sites; site++)
        {
            Keep(site, _options.WritePause * _random.NextDouble());
            if (site > 0)
            {
                var (up, down) = (new Lane(site, _options.Above(site), _most), new Lane(_options.Above(site), site, _most));
                (up.Back, down.Back) = (down, up);
                _lanes[up.From].Add(up);
                _lanes[down.From].Add(down);
            }
        }

        var third = _options.Writing / 3;
        RunUntil(third);
        Cut(isCut: true);
        RunUntil(third * 2);
        Cut(isCut: false);
        RunUntil(_options.Writing);
        var ended = _now;
        for (var look = ended; !Array.TrueForAll(_logs, log => log.Count == _mutations);)
        {
            look += TimeSpan.FromSeconds(0.5);
            if (look > ended + Longest)
            {
                throw new SimulationException($"The model of {_options.Sites} sites had not converged {Longest.TotalSeconds:0} s after the partition ended.");
            }

            RunUntil(look);
        }

        return new LargeReport(
            "model", _options.Sites, _mutations, _now - ended, _batches, _carried, 0, GC.GetTotalMemory(forceFullCollection: true), Stopwatch.GetElapsedTime(started));
    }

    private void After(TimeSpan delay, Action run) => _events.Enqueue(run, (_now + delay, _planned++));

    private void RunUntil(TimeSpan until)
    {
        while (_events.TryPeek(out _, out var next) && next.Due <= until)
        {
            _now = next.Due;
            _events.Dequeue()();
        }

        _now = until;
    }

    private void Keep(int site, TimeSpan after) => After(after, () =>
    {
        if (_now >= _options.Writing)
        {
            return;
        }

        Keep(site, _options.WritePause);
        Take(site, _mutations++);
        Pump(site);
    });

    private void Take(int site, int mutation)
    {
        _has[site][mutation] = true;
        _logs[site].Add(checked((ushort)mutation));
    }

    private void Pump(int site)
    {
        foreach (var lane in _lanes[site])
        {
            Pump(lane);
        }
    }

    private void Pump(Lane lane)
    {
        var waits = false;
        var log = _logs[lane.From];
        while (!lane.IsCut && lane.Read < log.Count && !waits)
        {
            // What came from there is not sent back.
            waits = !lane.Back!.Carried[log[lane.Read]] && lane.Known?[log[lane.Read]] != true;
            lane.Read += waits ? 0 : 1;
        }

        if (!waits)
        {
            return;
        }

        var left = _options.SyncDelta - (_now - lane.LastFlush);
        if (left > TimeSpan.Zero && !lane.IsCatchingUp)
        {
            Plan(lane, left);
            return;
        }

        var batch = new List<ushort>();
        for (; lane.Read < log.Count; lane.Read++)
        {
            if (!lane.Back!.Carried[log[lane.Read]] && lane.Known?[log[lane.Read]] != true)
            {
                batch.Add(log[lane.Read]);
                lane.Carried[log[lane.Read]] = true;
            }
        }

        lane.IsCatchingUp = false;
        lane.LastFlush = _now;
        _batches++;
        _carried += batch.Count;
        var session = lane.Session;
        After(_options.LongestDelay * _random.NextDouble(), () =>
        {
            if (session != lane.Session)
            {
                return;
            }

            foreach (var mutation in batch.Where(mutation => !_has[lane.To][mutation]))
            {
                Take(lane.To, mutation);
            }

            Pump(lane.To);
        });
    }

    private void Plan(Lane lane, TimeSpan after)
    {
        if (lane.IsPlanned)
        {
            return;
        }

        lane.IsPlanned = true;
        After(after, () =>
        {
            lane.IsPlanned = false;
            Pump(lane);
        });
    }

    /// <summary>A connection that begins anew begins from what the ends then have.</summary>
    private void Cut(bool isCut)
    {
        foreach (var lane in _lanes.SelectMany(lanes => lanes).Where(lane => _options.IsCutOff(Math.Max(lane.From, lane.To)) && Math.Min(lane.From, lane.To) == 0))
        {
            lane.IsCut = isCut;
            lane.Session++;
            lane.Carried.SetAll(false);
            lane.Read = 0;
            lane.IsCatchingUp = true;
            lane.LastFlush = _now;
            lane.Known = isCut ? null : new BitArray(_has[lane.To]);
            if (!isCut)
            {
                After(_options.LongestDelay, () => Pump(lane));
            }
        }
    }

    /// <summary>One direction of a link.</summary>
    private sealed class Lane(int from, int to, int most)
    {
        public int From => from;

        public int To => to;

        public Lane? Back { get; set; }

        public bool IsCut { get; set; }

        public bool IsPlanned { get; set; }

        public bool IsCatchingUp { get; set; }

        public int Session { get; set; }

        /// <summary>How far the sender's log was read.</summary>
        public int Read { get; set; }

        public TimeSpan LastFlush { get; set; }

        /// <summary>What the receiver said that it has when the connection began.</summary>
        public BitArray? Known { get; set; }

        /// <summary>Sent over this connection.</summary>
        public BitArray Carried { get; } = new(most);
    }
}
