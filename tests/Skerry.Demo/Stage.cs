using System.Net;
using System.Security.Cryptography;
using Skerry.TestKit.Processes;

namespace Skerry.Demo;

/// <summary>Everything that the demo stands up: a directory of its own, three sites, and the wires that it owns between them.</summary>
public sealed class Stage : IAsyncDisposable
{
    private readonly List<Func<ValueTask>> _cleanUp = [];

    private Stage(string repository, string directory)
    {
        Repository = repository;
        Directory = directory;
        AdminPassword = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));
        var ports = FreePort.Take(9);
        North = new DemoSite(this, "north", "edge", ports[0], ports[1], ports[2]);
        South = new DemoSite(this, "south", "edge", ports[3], ports[4], ports[5]);
        Hub = new DemoSite(this, "hub", "hub", ports[6], ports[7], ports[8]);
        // Every link of north runs over wires of the demo's own, one for each direction of dialling.
        NorthAsSeenBySouth = Wire(North);
        NorthAsSeenByHub = Wire(North);
        SouthAsSeenByNorth = Wire(South);
        HubAsSeenByNorth = Wire(Hub);
    }

    /// <summary>The checkout's root: the programs are at artifacts/bin below it.</summary>
    public string Repository { get; }

    /// <summary>Removed at the end, unless the sites are kept running.</summary>
    public string Directory { get; }

    public string AdminPassword { get; }

    public DemoSite North { get; }

    public DemoSite South { get; }

    public DemoSite Hub { get; }

    public IEnumerable<DemoSite> Sites => [North, South, Hub];

    public TcpRelay NorthAsSeenBySouth { get; }

    public TcpRelay NorthAsSeenByHub { get; }

    public TcpRelay SouthAsSeenByNorth { get; }

    public TcpRelay HubAsSeenByNorth { get; }

    /// <summary>The wires of north, to carry on with when the demo ends and the sites go on.</summary>
    public IReadOnlyList<TcpRelay> Wires => NorthsWires;

    private TcpRelay[] NorthsWires => [NorthAsSeenBySouth, NorthAsSeenByHub, SouthAsSeenByNorth, HubAsSeenByNorth];

    public static Stage Open()
    {
        var repository = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(repository, "Skerry.slnx")))
        {
            repository = Path.GetDirectoryName(repository) ?? throw new InvalidOperationException("the demo runs from within a checkout");
        }

        foreach (var program in new[] { "skerryd", "skerry" })
        {
            if (!File.Exists(Path.Combine(repository, "artifacts", "bin", program)))
            {
                throw new InvalidOperationException($"artifacts/bin/{program} is missing; run make build first");
            }
        }

        return new(repository, System.IO.Directory.CreateTempSubdirectory("skerry-demo-").FullName);
    }

    public string Program(string name) => Path.Combine(Repository, "artifacts", "bin", name);

    public string PathOf(params string[] parts) => Path.Combine([Directory, .. parts]);

    public void CutNorth() => Array.ForEach(NorthsWires, w => w.Cut());

    public void HealNorth() => Array.ForEach(NorthsWires, w => w.Heal());

    /// <summary>Every piece that north's wires carry is held back for so long; zero ends it.</summary>
    public void SlowNorth(TimeSpan delay) => Array.ForEach(NorthsWires, w => w.Delay = delay);

    /// <summary>Runs when the stage is taken down, last added first, whatever failed.</summary>
    public void OnCleanUp(Func<ValueTask> action) => _cleanUp.Add(action);

    /// <summary>Tools of the machine: 2 minutes are plenty.</summary>
    public static Task<ProgramRun> RunAsync(string program, CancellationToken cancellationToken, params IEnumerable<string> arguments) =>
        ProgramRun.RunAsync(program, arguments, TimeSpan.FromMinutes(2), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var action in Enumerable.Reverse(_cleanUp))
        {
            try
            {
                await action();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                await Console.Error.WriteLineAsync($"cleaning up: {e.Message}");
            }
        }

        foreach (var site in Sites)
        {
            await site.DisposeAsync();
        }

        foreach (var wire in NorthsWires)
        {
            await wire.DisposeAsync();
        }

        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static TcpRelay Wire(DemoSite site) => new(new IPEndPoint(IPAddress.Loopback, site.SyncPort));
}
