namespace Skerry.Simulation.Large;

/// <summary>What a large run came to.</summary>
/// <param name="ConvergedAfter">From the end of the partition and of the writing, in virtual time.</param>
/// <param name="Batches">Frames that carry mutations, over all links.</param>
/// <param name="Carried">Mutations that they carry.</param>
/// <param name="Bytes">Of all frames; 0 where they were not made.</param>
/// <param name="MemoryBytes">What the process holds at the end, after a collection.</param>
internal sealed record LargeReport(
    string What, int Sites, int Mutations, TimeSpan ConvergedAfter, long Batches, long Carried, long Bytes, long MemoryBytes, TimeSpan Elapsed)
{
    public override string ToString() =>
        $"{What}: {Sites} sites, {Mutations} mutations, converged {ConvergedAfter.TotalSeconds:0.0} s after the partition and the writing ended; " +
        $"{(double)Batches / Sites:0} batches and {(double)Carried / Sites:0} mutations sent by each site" +
        (Bytes > 0 ? $", {(double)Bytes / Sites / 1024:0} KiB in all frames of each" : "") +
        $"; {(double)MemoryBytes / Sites / 1024:0} KiB of memory for each; took {Elapsed.TotalSeconds:0} s.";
}
