using Skerry.Simulation.Checking;
using Skerry.Simulation.Runs;
using Skerry.Simulation.Sites;
using Skerry.State.Storage;
using Skerry.Sync.Protocol;
using Skerry.TestKit.Sync;

namespace Skerry.Simulation.Links;

/// <summary>A link between two sites: dials when there is no connection, as both of them would.</summary>
internal sealed class Wire : IVirtualConnectionObserver
{
    private const int MostConnections = 4;

    private readonly World _world;
    private readonly SimulatedSite[] _ends;
    private readonly List<VirtualConnection> _connections = [];
    private readonly Dictionary<VirtualConnection, ConnectionWatch> _watches = [];
    private readonly Dictionary<VirtualConnection, (int A, int B)> _lives = [];

    public Wire(World world, SimulatedSite a, SimulatedSite b)
    {
        _world = world;
        _ends = [a, b];
        Heal();
    }

    public IReadOnlyList<SimulatedSite> Ends => _ends;

    /// <summary>The directions: the first is from end 0 to end 1.</summary>
    public VirtualLane[] Lanes { get; } = [new(), new()];

    /// <summary>How many troubles hold it cut.</summary>
    public int Cuts { get; private set; }

    /// <summary>Two connections at once, as when both sites dial.</summary>
    public bool IsDouble { get; set; }

    private bool IsCut => Cuts > 0 && !_world.IsHealing;

    public bool Joins(SimulatedSite site) => _ends.Contains(site);

    /// <summary>Breaks it until the returned action is called.</summary>
    public Action Cut()
    {
        Cuts++;
        foreach (var connection in _connections)
        {
            connection.Cut();
        }

        return () => Cuts--;
    }

    /// <summary>An end's process is gone; the other end learns of it on its way.</summary>
    public void Died(SimulatedSite site)
    {
        foreach (var connection in _connections.ToList())
        {
            connection.Cut(Array.IndexOf(_ends, site));
        }
    }

    public void Pump(SimulatedSite site)
    {
        foreach (var connection in _connections.ToList())
        {
            connection.Pump(Array.IndexOf(_ends, site));
        }
    }

    /// <summary>As good as links are when nothing is wrong.</summary>
    public void Heal()
    {
        IsDouble = false;
        foreach (var lane in Lanes)
        {
            lane.IsDead = false;
            lane.BytesPerSecond = 0;
            lane.LongestDelay = _world.Plan.LongestDelay;
        }
    }

    /// <summary>Keeps dialling from now on.</summary>
    public void Keep()
    {
        Forget();
        if (_ends.Any(end => end.IsGone))
        {
            return;
        }

        var wanted = IsDouble ? 2 : 1;
        while (!IsCut && _ends.All(end => end.IsUp) && _connections.Count(c => c.IsOpen) < MostConnections
            && (_connections.Count(c => c.IsOpenAt(0)) < wanted || _connections.Count(c => c.IsOpenAt(1)) < wanted))
        {
            Open();
        }

        _world.Time.After(_world.Between(0.05, 1), Keep);
    }

    public void Sent(VirtualConnection connection, int end, Frame frame)
    {
        _world.Traffic.Sent(frame);
        _watches[connection].Sent(end, frame);
    }

    public void Receiving(VirtualConnection connection, int end, Frame frame) => _watches[connection].Receiving(end, frame);

    public void Received(VirtualConnection connection, int end, Frame frame)
    {
        if (_ends[end].IsUp)
        {
            _world.Changed(_ends[end]);
        }
    }

    public void StoreFailed(VirtualConnection connection, int end, StateStoreException fault)
    {
        var (a, b) = _lives[connection];
        _world.StoreFailed(_ends[end], end == 0 ? a : b, fault);
    }

    private void Open()
    {
        var connection = new VirtualConnection(
            _world.Time,
            _world.Chance.Source,
            Lanes,
            [new LinkSession(_ends[0].Local!, _ends[1].Id), new LinkSession(_ends[1].Local!, _ends[0].Id)],
            this,
            _world.Plan.Sync.DeadAfter);
        _connections.Add(connection);
        _watches.Add(connection, new ConnectionWatch(_ends, _world.Plan.Sync, _world.History));
        _lives.Add(connection, (_ends[0].Life, _ends[1].Life));
        connection.Begin();
    }

    /// <summary>Drops what is over; a fault of the protocol ends the run.</summary>
    private void Forget()
    {
        if (_connections.FirstOrDefault(c => c.Fault is not null)?.Fault is { } fault)
        {
            throw new SimulationException($"The protocol between {_ends[0].Id} and {_ends[1].Id} broke: {fault.Message}", fault);
        }

        foreach (var over in _connections.Where(c => c.IsOver).ToList())
        {
            _connections.Remove(over);
            _watches.Remove(over);
            _lives.Remove(over);
        }
    }
}
