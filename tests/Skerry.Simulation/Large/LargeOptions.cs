namespace Skerry.Simulation.Large;

/// <summary>Many sites in a tree of three levels, with few entities and a mutation of each site a minute.</summary>
/// <param name="Sites">One root, and the square root of the rest below it, each with as many leaves.</param>
internal sealed record LargeOptions(int Sites)
{
    /// <summary>How long the sites write, half of them cut off in the middle third.</summary>
    public TimeSpan Writing { get; } = TimeSpan.FromMinutes(3);

    /// <summary>A measurement waits so long for others to travel with it.</summary>
    public TimeSpan SyncDelta { get; } = TimeSpan.FromSeconds(10);

    public TimeSpan WritePause { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Entities of the cloud; each site writes one of them.</summary>
    public int Entities { get; } = 100;

    /// <summary>The longest that a frame is on its way.</summary>
    public TimeSpan LongestDelay { get; } = TimeSpan.FromMilliseconds(50);

    private int Middles => (int)Math.Round(Math.Sqrt(Sites));

    /// <summary>The site above; the root is its own.</summary>
    public int Above(int site) => site <= Middles ? 0 : 1 + ((site - 1 - Middles) % Middles);

    /// <summary>Whether the link of a site with the one above is cut in the partition: the half of the tree below odd middles.</summary>
    public bool IsCutOff(int site) => site > 0 && site <= Middles && site % 2 == 1;
}
