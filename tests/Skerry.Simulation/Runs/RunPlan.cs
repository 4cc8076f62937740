using Skerry.Simulation.Faults;
using Skerry.Simulation.Links;
using Skerry.Sync;
using Skerry.TestKit.Seeds;

namespace Skerry.Simulation.Runs;

/// <summary>What a run will be like, drawn from its seed.</summary>
internal sealed record RunPlan
{
    private const int MostSites = 50;

    public required int Sites { get; init; }

    public required TimeSpan Trouble { get; init; }

    public required TimeSpan WritePause { get; init; }

    /// <summary>How long the sites may take to converge once all is healed.</summary>
    public TimeSpan Healing { get; } = TimeSpan.FromSeconds(180);

    public required IReadOnlySet<FaultKind> Faults { get; init; }

    /// <summary>Sites carry out operations as well.</summary>
    public required bool HasOperations { get; init; }

    public required TopologyShape Shape { get; init; }

    public required SyncOptions Sync { get; init; }

    public required TimeSpan LongestDelay { get; init; }

    /// <summary>Of entities that are written; few, so that writes meet.</summary>
    public required int Things { get; init; }

    /// <summary>The longest that a write to a disk takes.</summary>
    public required TimeSpan DiskDelay { get; init; }

    public static RunPlan Draw(SimulationOptions options, Chance chance)
    {
        var sites = options.Sites ?? DrawSites(chance);
        var trouble = TimeSpan.FromSeconds(options.TroubleSeconds ?? (sites <= 8 ? 20 + chance.Below(40) : 15 + chance.Below(15)));

        // About three writes a second in all, however many sites there are.
        var pause = TimeSpan.FromSeconds(options.PauseSeconds ?? sites / (1.0 + chance.Below(4)));
        var kinds = Enum.GetValues<FaultKind>().Where(_ => chance.OneIn(2)).ToHashSet();
        var hasOperations = sites <= 7 && chance.OneIn(4);
        if (options.Faults is { } only)
        {
            kinds = [.. only];
        }

        if (hasOperations)
        {
            // Copies of a disk run what was queued on it again, until they are noticed; that needs more of a daemon than there is here.
            kinds.ExceptWith([FaultKind.RestoredDisk, FaultKind.ClonedDisk, FaultKind.Retirement]);
        }

        return new RunPlan
        {
            Sites = sites,
            Trouble = trouble,
            WritePause = pause,
            Faults = kinds,
            HasOperations = hasOperations,
            Shape = Topology.Draw(sites, chance),
            Sync = new SyncOptions
            {
                SyncDelta = TimeSpan.FromSeconds(1 + chance.Below(10)),
                SyncMax = 1 + chance.Below(8),
                BatchBytes = 200 + chance.Below(2000),
                WindowBytes = 2200 + chance.Below(4000),
            },
            LongestDelay = TimeSpan.FromMilliseconds(1 + chance.Below(400)),
            Things = 2 + chance.Below(4),
            DiskDelay = TimeSpan.FromMilliseconds(chance.OneIn(3) ? 0 : 1 + chance.Below(80)),
        };
    }

    private static int DrawSites(Chance chance) => chance.Below(100) switch
    {
        < 45 => 3,
        < 80 => 4 + chance.Below(4),
        < 95 => 8 + chance.Below(8),
        _ => 16 + chance.Below(MostSites - 15),
    };
}
