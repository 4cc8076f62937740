using Skerry.Simulation.Checking;
using Skerry.Simulation.Faults;
using Skerry.Simulation.Links;
using Skerry.Simulation.Operating;
using Skerry.Simulation.Sites;
using Skerry.Simulation.Writing;
using Skerry.State.Clocks;
using Skerry.State.Storage;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.Sync;

namespace Skerry.Simulation.Runs;

/// <summary>
/// Sites with the real State and Sync code on virtual time: first trouble of all kinds, then healing, then judgement. A run depends on
/// its options alone.
/// </summary>
internal sealed class World
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(0.25);

    private readonly SimulationOptions _options;
    private readonly Judge _judge;
    private readonly SiteWriter _writer;
    private readonly Operators? _operators;
    private bool _hasConverged;

    public World(SimulationOptions options)
    {
        _options = options;
        Chance = new Chance(options.Seed);
        Plan = RunPlan.Draw(options, Chance);
        Witness = new Witness(History);
        _judge = new Judge(History, Witness);
        _writer = new SiteWriter(this);
        _operators = Plan.HasOperations ? new Operators(this) : null;
        History.IsWhole = _operators is null;
    }

    public VirtualTime Time { get; } = new();

    public Chance Chance { get; }

    public RunPlan Plan { get; }

    public History History { get; } = new();

    public Witness Witness { get; }

    public FaultCounts Faults { get; } = new();

    public Traffic Traffic { get; } = new();

    public List<SimulatedSite> Sites { get; } = [];

    public List<Wire> Wires { get; } = [];

    /// <summary>The trouble is over; what is broken is mended.</summary>
    public bool IsHealing { get; private set; }

    /// <summary>Those that are there or will be again.</summary>
    public IEnumerable<SimulatedSite> Members => Sites.Where(site => !site.IsGone);

    /// <summary>Those that it began with; they are always members, so who has a link with one of them is joined to all.</summary>
    public IEnumerable<SimulatedSite> Founders => Sites.Take(Plan.Sites);

    public RunReport Run()
    {
        for (var i = 0; i < Plan.Sites; i++)
        {
            var site = AddSite(NewId(), DiskContent.Empty);
            Time.After(TimeSpan.Zero, () => StartAsync(site));
            _writer.Keep(site);
        }

        foreach (var (a, b) in Topology.Links(Plan.Shape, Plan.Sites, Chance))
        {
            Link(Sites[a], Sites[b]);
        }

        Trouble.Plan(this);
        Time.Run(Plan.Trouble, () => false);
        Heal();
        var healedAt = Time.Now;
        LookForConvergence();
        if (!Time.Run(healedAt + Plan.Healing, () => _hasConverged))
        {
            throw new SimulationException(
                $"The sites had not converged {Plan.Healing.TotalSeconds:0} s after all was healed: " +
                Differences(Members.ToList()));
        }

        var members = Members.ToList();
        _judge.Require(members);
        _operators?.Require(members[0]);
        return new RunReport(
            _options.Seed, members.Count, History.Count, History.Acknowledged, Traffic.Frames, Traffic.Snapshots, _operators?.Begun ?? 0, Time.Now - healedAt,
            Convert.ToHexStringLower(members[0].Replica!.Digest()), Faults);
    }

    public bool Has(FaultKind kind) => Plan.Faults.Contains(kind);

    public TimeSpan Between(double leastSeconds, double mostSeconds) =>
        TimeSpan.FromSeconds(leastSeconds + ((mostSeconds - leastSeconds) * Chance.Source.NextDouble()));

    public SiteId NewId() => SiteId.Create(Chance.Source);

    public SimulatedSite AddSite(SiteId id, DiskContent content)
    {
        var cuts = Has(FaultKind.LogCut) || Has(FaultKind.LongAway);
        var site = new SimulatedSite(Sites.Count, id, content, Plan, Time, Chance)
        {
            Schema = Has(FaultKind.OldVersion) && Chance.OneIn(3) ? SimulatedSchema.Old : SimulatedSchema.Current,
            LogBytes = cuts ? 300 + Chance.Below(4000) : long.MaxValue,
        };
        if (site.IsOld)
        {
            Faults.Struck(FaultKind.OldVersion);
        }

        site.Clock.Offset = TimeSpan.FromMilliseconds(Chance.Below(2000) - 1000);
        Sites.Add(site);
        return site;
    }

    public Wire Link(SimulatedSite a, SimulatedSite b)
    {
        var wire = new Wire(this, a, b);
        Wires.Add(wire);
        Time.After(TimeSpan.Zero, wire.Keep);
        return wire;
    }

    /// <summary>Somebody begins to write at the site now and then.</summary>
    public void KeepWriting(SimulatedSite site) => _writer.Keep(site);

    /// <summary>One mutation at the site.</summary>
    public ValueTask FirstWriteAsync(SimulatedSite site) => _writer.WriteAsync(site, site.Replica!);

    /// <summary>Takes closed incarnations of the site out of the vectors. False when it did not come to that.</summary>
    public ValueTask<bool> RetireAsync(SimulatedSite site, IReadOnlyList<Dot> ends) => _writer.RetireAsync(site, site.Replica!, ends);

    public async ValueTask StartAsync(SimulatedSite site)
    {
        if (site.IsUp || site.IsGone || site.IsHeldDown)
        {
            return;
        }

        try
        {
            await site.StartAsync(() => NextFault(), kind => Crash(site, kind), () => Refused(site));
        }
        catch (StateStoreException)
        {
            // The service manager tries again.
            Time.After(Between(0.1, 2), () => StartAsync(site));
            return;
        }

        if (site.IsUp)
        {
            Witness.Shows(site);
            _operators?.Started(site);
        }
    }

    /// <summary>The site's process ends here, and comes back after a while unless its operator holds it down.</summary>
    public void Crash(SimulatedSite site, FaultKind kind)
    {
        Faults.Struck(kind);
        Stop(site);
        Time.After(Between(0.1, IsHealing ? 1 : 8), () => StartAsync(site));
    }

    /// <summary>What waited behind a refused append is decided again at once, over a state without it, and before its makers hear of it.</summary>
    private void Refused(SimulatedSite site)
    {
        if (site.Replica is { } replica)
        {
            History.NotMadeAbove(new Writer(site.Id, replica.Incarnation), replica.Vector);
        }
    }

    public void Stop(SimulatedSite site)
    {
        site.Die();
        foreach (var wire in Wires.Where(wire => wire.Joins(site)))
        {
            wire.Died(site);
        }
    }

    /// <summary>A full store refuses and goes on; any other fault leaves open what it holds, and the daemon stops.</summary>
    public void StoreFailed(SimulatedSite site, int life, StateStoreException fault)
    {
        if (fault.Error == StateStoreError.Full)
        {
            Faults.Struck(FaultKind.FullDisk);
        }
        else if (life == site.Life)
        {
            Crash(site, FaultKind.FailedSync);
        }
    }

    /// <summary>The site may show something new, and have something to send.</summary>
    public void Changed(SimulatedSite site)
    {
        Witness.Shows(site);
        if (site.Local!.Digests.Differences is [var difference, ..])
        {
            throw new SimulationException($"Site {site.Id} tells that it differs from {difference.Peer}, having seen the same.");
        }

        foreach (var wire in Wires.Where(wire => wire.Joins(site)).ToList())
        {
            wire.Pump(site);
        }
    }

    /// <summary>What all members but one have on their disks.</summary>
    public Seen HeldBesides(SimulatedSite except) =>
        Members.Where(site => site != except).Aggregate(Seen.Nothing, (seen, site) => seen.With(Witness.Shown(site)));

    /// <summary>Where the vectors of sites differ, in words.</summary>
    private static string Differences(List<SimulatedSite> sites)
    {
        var writers = sites.SelectMany(site => site.Replica?.Vector.Select(top => top.Writer) ?? []).Distinct().Order().ToList();
        var odd = writers.Where(writer => sites.Select(site => site.Replica?.Vector[writer]).Distinct().Count() > 1).Take(3);
        var down = sites.Where(site => !site.IsUp).Select(site => $"site {site.Index} is down");
        return string.Join("; ", down.Concat(odd.Select(writer =>
            $"of {writer} " + string.Join(", ", sites.Select(site => $"site {site.Index} has {site.Replica?.Vector[writer]}")))));
    }

    private FaultKind? NextFault()
    {
        if (IsHealing || !Chance.OneIn(25))
        {
            return null;
        }

        var kind = Chance.Pick([FaultKind.LostWrite, FaultKind.UnansweredWrite, FaultKind.FailedSync]);
        return Has(kind) ? kind : null;
    }

    private void Heal()
    {
        IsHealing = true;
        foreach (var wire in Wires)
        {
            wire.Heal();
        }

        foreach (var site in Members)
        {
            site.Disk.IsFull = false;
        }
    }

    private void LookForConvergence() => Time.After(LookEvery, () =>
    {
        _hasConverged = HasConverged();
        if (!_hasConverged)
        {
            LookForConvergence();
        }
    });

    private bool HasConverged()
    {
        var members = Members.ToList();
        if (members.Any(site => !site.IsUp || site.IsHeldDown) || members.Any(site => !site.Replica!.Vector.Equals(members[0].Replica!.Vector)))
        {
            return false;
        }

        if (_operators?.AreDone(members[0]) == false)
        {
            return false;
        }

        var digest = members[0].Replica!.Digest();
        var odd = members.FirstOrDefault(site => !site.Replica!.Digest().AsSpan().SequenceEqual(digest));
        return odd is null
            ? true
            : throw new SimulationException($"Sites {members[0].Id} and {odd.Id} have seen the same, and show different states.");
    }
}
