namespace Skerry.Benchmarks.Replicate;

/// <summary>
/// Two real sites with the link that sites have, beside what people use today, on the same machine in the same run. Both ends of
/// everything share its cores.
/// </summary>
internal static class ReplicateBenchmark
{
    public static async Task<IReadOnlyList<Comparison>> RunAsync(string folder, Selection selection, CancellationToken cancellationToken)
    {
        List<Comparison> all = [];
        await using var sites = await TwoSites.StartAsync(cancellationToken);
        string[] transfers = [TransferCases.Full, TransferCases.Packed, TransferCases.Plain, TransferCases.Increment, TransferCases.Unchanged];
        if (transfers.Any(selection.Takes))
        {
            var disk = new TestDisk(Path.Combine(folder, "disk.img"), selection.Gibibytes);
            await disk.MakeAsync(cancellationToken);
            await using var peers = await TransferPeers.StartAsync(folder, disk, selection, cancellationToken);
            all.AddRange(await new TransferCases(sites, disk, peers, selection).RunAsync(cancellationToken));
        }

        all.AddRange(await new StreamCases(sites, selection).RunAsync(cancellationToken));
        all.AddRange(await new ThrottledCases(sites, selection).RunAsync(cancellationToken));
        all.AddRange(await new ResyncCases(sites, selection).RunAsync(cancellationToken));
        all.AddRange(await new IdleCases(sites, selection).RunAsync(cancellationToken));
        all.AddRange(await new FailoverCases(sites, selection).RunAsync(cancellationToken));
        return all;
    }
}
