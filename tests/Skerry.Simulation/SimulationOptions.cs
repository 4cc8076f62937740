namespace Skerry.Simulation;

/// <summary>One run.</summary>
internal sealed record SimulationOptions
{
    public required int Seed { get; init; }

    public int Sites { get; init; } = 3;

    /// <summary>How long faults and writes go on, in virtual time.</summary>
    public TimeSpan Trouble { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the sites may take to converge once all is healed.</summary>
    public TimeSpan Healing { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Mean time between two writes at one site.</summary>
    public TimeSpan WritePause { get; init; } = TimeSpan.FromSeconds(1);
}
