using System.Diagnostics;

namespace Skerry.Blocks.Tests.Soak;

/// <summary>What the process and the store hold while nothing goes on.</summary>
/// <param name="ManagedBytes">After a collection.</param>
/// <param name="ResidentBytes">Of the process.</param>
/// <param name="StoreBytes">What the store's files occupy.</param>
/// <param name="Threads">Of the process.</param>
/// <param name="OpenFiles">Files and sockets that the process has open.</param>
internal sealed record SoakRest(long ManagedBytes, long ResidentBytes, long StoreBytes, int Threads, int OpenFiles)
{
    private const long Mebi = 1 << 20;

    public static SoakRest Take(BlockStore store)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using var self = Process.GetCurrentProcess();
        return new(
            GC.GetTotalMemory(forceFullCollection: true), self.WorkingSet64, store.Space.AllocatedBytes, self.Threads.Count, Directory.GetFiles("/proc/self/fd").Length);
    }

    /// <summary>Null when the later ones hold no more than the earlier ones, with some room for chance; else what grew.</summary>
    public static string? Growth(IReadOnlyList<SoakRest> earlier, IReadOnlyList<SoakRest> later)
    {
        (string What, Func<SoakRest, long> Of, long Slack)[] measures =
        [
            ("managed memory", rest => rest.ManagedBytes, 8 * Mebi), ("resident memory", rest => rest.ResidentBytes, 64 * Mebi),
            ("the store", rest => rest.StoreBytes, 64 * Mebi), ("threads", rest => rest.Threads, 8), ("open files", rest => rest.OpenFiles, 24),
        ];
        var grown = from measure in measures
                    let before = earlier.Max(measure.Of)
                    let after = later.Max(measure.Of)
                    where after > (before * 1.1) + measure.Slack
                    select $"{measure.What} grew from {before} to {after}";
        return grown.FirstOrDefault();
    }

    public override string ToString() =>
        $"{ManagedBytes / Mebi} MiB managed, {ResidentBytes / Mebi} MiB resident, {StoreBytes / Mebi} MiB of store, {Threads} threads, {OpenFiles} files open";
}
