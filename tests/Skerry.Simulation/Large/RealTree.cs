using System.Diagnostics;
using Skerry.Simulation.Checking;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.Sync;
using Skerry.Sync.Protocol;
using Skerry.TestKit.Sync;

namespace Skerry.Simulation.Large;

/// <summary>The tree with the real State and Sync code, in one process on virtual time.</summary>
internal sealed class RealTree : IVirtualConnectionObserver
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    private readonly LargeOptions _options;
    private readonly Random _random;
    private readonly VirtualTime _time = new();
    private readonly SyncOptions _sync;
    private readonly Replica[] _replicas;
    private readonly SiteLocal[] _locals;
    private readonly List<(VirtualConnection Connection, int End)>[] _links;
    private readonly Dictionary<VirtualConnection, (int Below, int Above)> _ends = [];
    private readonly VirtualConnection?[] _upward;
    private int _mutations;
    private long _batches;
    private long _carried;
    private long _bytes;

    public RealTree(LargeOptions options, int seed)
    {
        _options = options;
        _random = new Random(seed);
        _replicas = new Replica[options.Sites];
        _locals = new SiteLocal[options.Sites];
        _links = [.. Enumerable.Range(0, options.Sites).Select(_ => new List<(VirtualConnection, int)>())];
        _upward = new VirtualConnection?[options.Sites];

        // Links of such a cloud say less often that they live.
        _sync = new SyncOptions
        {
            SyncDelta = options.SyncDelta,
            HeartbeatInterval = TimeSpan.FromSeconds(30),
            DeadAfter = TimeSpan.FromMinutes(2),
        };
    }

    public LargeReport Run()
    {
        var started = Stopwatch.GetTimestamp();
        _time.After(TimeSpan.Zero, OpenAsync);
        var third = _options.Writing / 3;
        _time.Run(third, () => false);
        for (var site = 1; site < _options.Sites; site++)
        {
            if (_options.IsCutOff(site))
            {
                _upward[site]!.Cut();
            }
        }

        _time.Run(third * 2, () => false);
        for (var site = 1; site < _options.Sites; site++)
        {
            if (_options.IsCutOff(site))
            {
                Link(site);
            }
        }

        _time.Run(_options.Writing, () => false);
        var ended = _time.Now;
        var hasConverged = false;
        Look();
        if (!_time.Run(ended + Longest, () => hasConverged))
        {
            throw new SimulationException($"{_options.Sites} sites had not converged {Longest.TotalSeconds:0} s after the partition ended.");
        }

        var digest = _replicas[0].Digest();
        if (Array.Exists(_replicas, replica => !replica.Digest().AsSpan().SequenceEqual(digest)))
        {
            throw new SimulationException("Sites that have seen the same show different states.");
        }

        var after = _time.Now - ended;
        return new LargeReport(
            "real code", _options.Sites, _mutations, after, _batches, _carried, _bytes, GC.GetTotalMemory(forceFullCollection: true),
            Stopwatch.GetElapsedTime(started));

        void Look() => _time.After(TimeSpan.FromSeconds(0.5), () =>
        {
            hasConverged = Array.TrueForAll(_replicas, replica => replica.Vector.Equals(_replicas[0].Vector));
            if (!hasConverged)
            {
                Look();
            }
        });
    }

    public void Sent(VirtualConnection connection, int end, Frame frame)
    {
        if (frame is Batch batch)
        {
            _batches++;
            _carried += batch.Mutations.Count;
        }

        _bytes += FrameCodec.Encode(frame).Length;
    }

    public void Receiving(VirtualConnection connection, int end, Frame frame)
    {
    }

    public void Received(VirtualConnection connection, int end, Frame frame)
    {
        if (frame is Batch)
        {
            var (below, above) = _ends[connection];
            Pump(end == 0 ? below : above);
        }
    }

    public void StoreFailed(VirtualConnection connection, int end, StateStoreException fault) => throw fault;

    private async ValueTask OpenAsync()
    {
        for (var site = 0; site < _options.Sites; site++)
        {
            var clock = new VirtualClock(_time);
            _replicas[site] = await Replica.OpenAsync(
                new ReplicaOptions { Site = new SiteId((ulong)site + 1), Limits = new ReplicaLimits { MaxLogBytes = 256 << 10 } },
                new MemoryStore(), clock, new Random(_random.Next()), CancellationToken.None);
            _locals[site] = new SiteLocal(_replicas[site], () => "cloud", _sync, clock, new Random(_random.Next()));
            Keep(site, _options.WritePause * _random.NextDouble());
        }

        for (var site = 1; site < _options.Sites; site++)
        {
            Link(site);
        }
    }

    private void Keep(int site, TimeSpan after) => _time.After(after, async () =>
    {
        if (_time.Now >= _options.Writing)
        {
            return;
        }

        Keep(site, _options.WritePause);
        _mutations++;
        await _replicas[site].CommitAsync(
            transaction => transaction.Set(new EntityKey("thing", $"t{site % _options.Entities}"), "seen", FieldValue.From(_mutations)),
            new CommitOptions("loop", Urgent: false),
            CancellationToken.None);
        if (_random.Next(4) == 0)
        {
            await _replicas[site].CutLogAsync(CancellationToken.None);
        }

        Pump(site);
    });

    private void Link(int site)
    {
        var above = _options.Above(site);
        var connection = new VirtualConnection(
            _time,
            _random,
            [new VirtualLane { LongestDelay = _options.LongestDelay }, new VirtualLane { LongestDelay = _options.LongestDelay }],
            [new LinkSession(_locals[site], _replicas[above].Site), new LinkSession(_locals[above], _replicas[site].Site)],
            this,
            _sync.DeadAfter);
        _ends[connection] = (site, above);
        _upward[site] = connection;
        _links[site].Add((connection, 0));
        _links[above].Add((connection, 1));
        connection.Begin();
    }

    private void Pump(int site)
    {
        _links[site].RemoveAll(link => !link.Connection.IsOpen);
        foreach (var (connection, end) in _links[site].ToList())
        {
            connection.Pump(end);
        }
    }
}
