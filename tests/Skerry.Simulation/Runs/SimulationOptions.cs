using System.Globalization;
using Skerry.Simulation.Faults;

namespace Skerry.Simulation.Runs;

/// <summary>What a run is told: its seed, and what shall not be drawn from it.</summary>
internal sealed record SimulationOptions
{
    public required int Seed { get; init; }

    /// <summary>How many sites it begins with.</summary>
    public int? Sites { get; init; }

    /// <summary>How long faults and writes go on, in seconds of virtual time.</summary>
    public double? TroubleSeconds { get; init; }

    /// <summary>Mean time between two writes of one site, in seconds.</summary>
    public double? PauseSeconds { get; init; }

    /// <summary>The only kinds of trouble that there may be.</summary>
    public IReadOnlyList<FaultKind>? Faults { get; init; }

    /// <summary>What replays the run.</summary>
    public string Command
    {
        get
        {
            var command = string.Create(CultureInfo.InvariantCulture, $"make simulate SEED={Seed}");
            command += Sites is { } sites ? string.Create(CultureInfo.InvariantCulture, $" SITES={sites}") : "";
            command += TroubleSeconds is { } trouble ? string.Create(CultureInfo.InvariantCulture, $" TROUBLE={trouble}") : "";
            command += PauseSeconds is { } pause ? string.Create(CultureInfo.InvariantCulture, $" PAUSE={pause}") : "";
            return command + (Faults is null ? "" : $" FAULTS={(Faults.Count == 0 ? "none" : string.Join(',', Faults))}");
        }
    }
}
