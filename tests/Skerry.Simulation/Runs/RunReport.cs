using Skerry.Simulation.Faults;

namespace Skerry.Simulation.Runs;

/// <summary>What a run came to, for people and for the test that runs repeat.</summary>
internal sealed record RunReport(
    int Seed, int Sites, int Mutations, int Acknowledged, long Frames, long Snapshots, int Operations, TimeSpan ConvergedAfter, string Digest, FaultCounts Faults)
{
    public override string ToString() =>
        $"Seed {Seed}: {Sites} sites, {Mutations} mutations, {Acknowledged} acknowledged, {Frames} frames, {Snapshots} snapshots, {Operations} operations, " +
        $"converged after {ConvergedAfter.TotalSeconds:0.00} s to {Digest[..16]}. {Faults}.";
}
