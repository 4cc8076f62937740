using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.Sync;
using Skerry.Sync.Protocol;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.State;
using Skerry.TestKit.Sync;

namespace Skerry.Simulation;

/// <summary>What a run came to, for people and for the test that runs repeat.</summary>
internal sealed record RunReport(
    int Seed, int Mutations, int Acknowledged, int Crashes, int Cuts, int Snapshots, int FullDisks, int Frames, TimeSpan ConvergedAfter, string Digest);

/// <summary>
/// Sites with the real State and Sync code on virtual time: first trouble of all kinds, then healing, then judgement.
/// </summary>
internal sealed class World
{
    private static readonly string[] Fields = ["name", "size", "owned", "held", "ruled"];

    private readonly SimulationOptions _options;
    private readonly Chance _chance;
    private readonly VirtualTime _time = new();
    private readonly History _history = new();
    private readonly SimulatedSite[] _sites;
    private readonly List<Wire> _wires = [];
    private readonly SyncOptions _syncOptions;
    private readonly TimeSpan _longestDelay;
    private readonly long _logBytes;
    private int _crashes;
    private int _cuts;
    private int _snapshots;
    private int _fullDisks;
    private int _frames;
    private int _valueNumber;
    private bool _isHealing;

    public World(SimulationOptions options)
    {
        _options = options;
        _chance = new Chance(options.Seed);
        _sites = [.. Enumerable.Range(0, options.Sites).Select(i => new SimulatedSite(i, _chance.Source, _time))];
        _syncOptions = new SyncOptions
        {
            SyncDelta = TimeSpan.FromSeconds(1 + _chance.Below(10)),
            SyncMax = 1 + _chance.Below(8),
            BatchBytes = 200 + _chance.Below(2000),
            WindowBytes = 2200 + _chance.Below(4000),
        };
        _longestDelay = TimeSpan.FromMilliseconds(1 + _chance.Below(400));

        // Some runs keep all of the log, some so little of it that peers need snapshots.
        _logBytes = _chance.OneIn(2) ? long.MaxValue : 500 + _chance.Below(4000);
    }

    public async ValueTask<RunReport> RunAsync()
    {
        foreach (var site in _sites)
        {
            await site.StartAsync(_syncOptions, _logBytes);
            var own = site;
            own.NextFault = () => FaultOf(own);
            site.Clock.Offset = TimeSpan.FromMilliseconds(_chance.Below(2000) - 1000);
            PlanWrite(site);
        }

        PlanTopology();
        await _time.RunAsync(_options.Trouble, () => false);

        _isHealing = true;
        foreach (var wire in _wires)
        {
            wire.IsCut = false;
        }

        var healedAt = _time.Now;
        if (!await _time.RunAsync(healedAt + _options.Healing, HasConverged))
        {
            throw new SimulationException(
                $"The sites had not converged {_options.Healing.TotalSeconds:0} s after all was healed: " +
                string.Join("; ", _sites.Select(s => $"{s.Id} {s.Replica?.Vector}")));
        }

        _history.Judge([.. _sites.Select(s => s.Replica!)]);
        return new RunReport(
            _options.Seed, _history.Count, _history.Acknowledged, _crashes, _cuts, _snapshots, _fullDisks, _frames, _time.Now - healedAt,
            Convert.ToHexStringLower(_sites[0].Replica!.Digest()));
    }

    private bool HasConverged()
    {
        if (_sites.Any(s => !s.IsUp) || _sites.Any(s => !s.Replica!.Vector.Equals(_sites[0].Replica!.Vector)))
        {
            return false;
        }

        var digest = _sites[0].Replica!.Digest();
        var odd = _sites.FirstOrDefault(s => !s.Replica!.Digest().AsSpan().SequenceEqual(digest));
        return odd is null
            ? true
            : throw new SimulationException($"Sites {_sites[0].Id} and {odd.Id} have seen the same, and show different states.");
    }

    // ---- trouble

    private StoreFault FaultOf(SimulatedSite site)
    {
        if (_isHealing || !_chance.OneIn(60))
        {
            return StoreFault.None;
        }

        return _chance.Pick([
            StoreFault.CrashBefore, StoreFault.CrashAfter, StoreFault.SyncFailedAndLost, StoreFault.SyncFailedButKept, StoreFault.Full]);
    }

    /// <summary>Runs something at a site on its real code. False when the site died of it.</summary>
    private async ValueTask<bool> AtAsync(SimulatedSite site, Func<ValueTask> run)
    {
        try
        {
            await run();
            if (site.IsUp)
            {
                _history.Shows(site.Id, site.Replica!);
            }

            return site.IsUp;
        }
        catch (SimulatedCrashException)
        {
            Crash(site);
            return false;
        }
        catch (StateStoreException failed) when (failed.Error != StateStoreError.Full)
        {
            // The daemon stops when its store leaves open what it holds.
            Crash(site);
            return false;
        }
        catch (StateStoreException)
        {
            _fullDisks++;
            throw;
        }
    }

    private void Crash(SimulatedSite site)
    {
        if (!site.IsUp)
        {
            return;
        }

        _crashes++;
        site.Crash();
        foreach (var wire in _wires.Where(w => w.Joins(site)))
        {
            wire.Drop();
        }

        _time.After(Between(0.1, 8), async () =>
        {
            // A wall clock may be anywhere after a restart.
            site.Clock.Offset += TimeSpan.FromMilliseconds(_chance.Below(4000) - 2000);
            await site.StartAsync(_syncOptions, _logBytes);
            _history.Shows(site.Id, site.Replica!);
        });
    }

    // ---- writes

    private void PlanWrite(SimulatedSite site) => _time.After(_options.WritePause * (2 * _chance.Source.NextDouble()), async () =>
    {
        if (_isHealing)
        {
            return;
        }

        if (site.IsUp)
        {
            try
            {
                await AtAsync(site, () => WriteAsync(site));
            }
            catch (StateStoreException)
            {
                // A full disk refuses, and that is all.
            }

            if (site.IsUp && _chance.OneIn(5))
            {
                try
                {
                    await AtAsync(site, async () => await site.Replica!.CutLogAsync(CancellationToken.None));
                }
                catch (StateStoreException)
                {
                    // As above.
                }
            }

            NudgeAll(site);
        }

        PlanWrite(site);
    });

    private async ValueTask WriteAsync(SimulatedSite site)
    {
        var replica = site.Replica!;
        var conflicts = replica.Conflicts;
        var writes = new List<(EntityKey Key, string? Field)>();
        var seen = replica.Vector;
        var writer = new Writer(site.Id, replica.Incarnation);
        var dot = new Dot(site.Id, replica.Incarnation, seen[writer] + 1);
        var choice = _chance.Below(10);
        var keys = Enumerable.Range(0, 1 + _chance.Below(2)).Select(_ => new EntityKey("thing", $"t{_chance.Below(4)}")).Distinct().ToList();
        var plan = new List<Action<ITransaction>>();
        foreach (var key in keys)
        {
            if (choice == 0)
            {
                if (replica.Find(key) is not null)
                {
                    plan.Add(t => t.Delete(key));
                    writes.Add((key, null));
                }
            }
            else if (choice == 1 && conflicts.Count > 0)
            {
                var conflict = _chance.Pick(conflicts);
                if (conflict.Field != Entity.LifecycleField)
                {
                    var value = NextValue(site);
                    plan.Add(t => t.Resolve(conflict.Key, conflict.Field, value));
                    writes.Add((conflict.Key, conflict.Field));
                    break;
                }
            }
            else if (choice == 2 && replica.Find(key) is { IsDeleted: true })
            {
                plan.Add(t => t.Restore(key));
                writes.Add((key, Entity.LifecycleField));
            }
            else
            {
                foreach (var field in _chance.Shuffle(Fields).Take(1 + _chance.Below(2)))
                {
                    var value = NextValue(site);
                    var rank = field is "owned" or "ruled" ? _chance.Below(2) : 0;
                    plan.Add(t => t.Set(key, field, value, rank));
                    writes.Add((key, field));
                }
            }
        }

        if (plan.Count == 0)
        {
            return;
        }

        _history.Making(dot, seen, writes);
        try
        {
            var made = await replica.CommitAsync(
                t => plan.ForEach(p => p(t)), new CommitOptions($"user-{site.Index}", Urgent: _chance.OneIn(2)), CancellationToken.None);
            if (made is null)
            {
                _history.NotMade(dot);
            }
            else if (made != dot)
            {
                throw new SimulationException($"Site {site.Id} made {made} where {dot} was due.");
            }
            else
            {
                _history.MadeDurably(dot);
            }
        }
        catch (StateStoreException full) when (full.NothingWritten)
        {
            _history.NotMade(dot);
            throw;
        }
    }

    private FieldValue NextValue(SimulatedSite site) => FieldValue.FromString($"{site.Index}-{_valueNumber++}");

    // ---- links

    private void PlanTopology()
    {
        // A chain joins all; some runs add more, up to a mesh.
        for (var i = 1; i < _sites.Length; i++)
        {
            Join(i - 1, i);
        }

        for (var i = 0; i < _sites.Length; i++)
        {
            for (var j = i + 2; j < _sites.Length; j++)
            {
                if (_chance.OneIn(2))
                {
                    Join(i, j);
                }
            }
        }

        void Join(int a, int b)
        {
            var wire = new Wire(_sites[a], _sites[b]);
            _wires.Add(wire);
            Connect(wire);
            PlanCut(wire);
        }
    }

    private void PlanCut(Wire wire) => _time.After(Between(1, 20), () =>
    {
        if (_isHealing)
        {
            return;
        }

        _cuts++;
        wire.IsCut = true;
        wire.Drop();
        _time.After(Between(0.5, 25), () => wire.IsCut = false);
        PlanCut(wire);
    });

    private void Connect(Wire wire)
    {
        wire.Forget();

        // Now and then two connections at once, as when both sites dial: the same arrives twice.
        var wanted = _chance.OneIn(6) && !_isHealing ? 2 : 1;
        while (!wire.IsCut && wire.A.IsUp && wire.B.IsUp && wire.Connections.Count < wanted)
        {
            Open(wire);
        }

        _time.After(Between(0.05, 1), () => Connect(wire));
    }

    private void Open(Wire wire)
    {
        SimulatedSite[] ends = [wire.A, wire.B];
        var sent = new HashSet<Dot>[] { [], [] };
        var connection = new VirtualConnection(
            _time,
            _chance.Source,
            _longestDelay,
            [new LinkSession(wire.A.Local!, wire.B.Id), new LinkSession(wire.B.Local!, wire.A.Id)],
            (_, end, frame) => Sent(sent, end, frame),
            (end, frame, run) =>
            {
                // What one end was given over a connection, it must not give back.
                sent[end].UnionWith(frame is Batch batch ? batch.Mutations.Select(m => m.Dot) : []);
                return AtAsync(ends[end], run);
            },
            end => NudgeAll(ends[end]));
        wire.Connections.Add(connection);
        connection.Pump(0);
        connection.Pump(1);
    }

    private void Sent(HashSet<Dot>[] sent, int end, Frame frame)
    {
        _frames++;
        if (frame is SnapshotOffer)
        {
            _snapshots++;
        }

        if (frame is not Batch batch)
        {
            return;
        }

        foreach (var mutation in batch.Mutations)
        {
            if (!sent[end].Add(mutation.Dot))
            {
                throw new SimulationException($"{mutation.Dot} was sent twice over one connection, or sent back.");
            }
        }

        if (batch.Mutations.Sum(m => m.Encoded.Length) > _syncOptions.BatchBytes + MostMutationBytes)
        {
            throw new SimulationException("A batch is larger than a batch may be.");
        }
    }

    private const int MostMutationBytes = 2000;

    private void NudgeAll(SimulatedSite site)
    {
        foreach (var wire in _wires.Where(w => w.Joins(site)))
        {
            wire.Nudge(site);
        }
    }

    private TimeSpan Between(double leastSeconds, double mostSeconds) =>
        TimeSpan.FromSeconds(leastSeconds + ((mostSeconds - leastSeconds) * _chance.Source.NextDouble()));

    private sealed class Wire(SimulatedSite a, SimulatedSite b)
    {
        public SimulatedSite A => a;

        public SimulatedSite B => b;

        public bool IsCut { get; set; }

        public List<VirtualConnection> Connections { get; } = [];

        public bool Joins(SimulatedSite site) => site == a || site == b;

        public void Drop()
        {
            foreach (var connection in Connections)
            {
                connection.Cut();
            }
        }

        public void Nudge(SimulatedSite site)
        {
            foreach (var connection in Connections.ToList())
            {
                connection.Nudge(site == a ? 0 : 1);
            }
        }

        /// <summary>Drops what is over; a fault of the protocol ends the run.</summary>
        public void Forget()
        {
            if (Connections.FirstOrDefault(c => c.Fault is not null)?.Fault is { } fault)
            {
                throw new SimulationException($"The protocol between {a.Id} and {b.Id} broke: {fault.Message}", fault);
            }

            Connections.RemoveAll(c => !c.IsOpen);
        }
    }
}
