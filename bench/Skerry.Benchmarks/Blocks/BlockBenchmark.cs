namespace Skerry.Benchmarks.Blocks;

/// <summary>The block store behind NBD, beside servers of raw files on the same disk, with the clients that people use.</summary>
/// <remarks>
/// The disks are full before anything is measured, so that no one answers for holes. In each round every workload goes to every server
/// in turn; so what the machine does besides falls on all alike, and medians leave out what falls on one.
/// </remarks>
internal static class BlockBenchmark
{
    private const long DiskBytes = 256L << 20;
    private const int Rounds = 3;

    public static async Task<IReadOnlyList<Comparison>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var content = await MakeContentAsync(folder, cancellationToken);
        await using var skerry = await SkerryDisk.StartAsync(folder, DiskBytes, cancellationToken);
        await using var nbdkit = await PeerDisk.StartNbdkitAsync(folder, DiskBytes, cancellationToken);
        await using var qemu = await PeerDisk.StartQemuAsync(folder, DiskBytes, cancellationToken);
        IServedDisk[] disks = [skerry, nbdkit, qemu];

        var copyIn = Copy.In(content, DiskBytes);
        foreach (var disk in disks)
        {
            await copyIn.RunAsync(disk.Uri, cancellationToken);
        }

        Workload[] workloads =
        [
            Fio.Small("randread", 32), Fio.Small("randread", 1), Fio.Small("randwrite", 32), Fio.Small("randwrite", 1), Fio.Small("randwrite", 1, withSync: true),
            Fio.Large("read"), Fio.Large("write"), copyIn, Copy.Out(DiskBytes),
        ];
        var values = new Dictionary<(Workload, IServedDisk), List<double>>();
        for (var round = 1; round <= Rounds; round++)
        {
            foreach (var workload in workloads)
            {
                await Console.Error.WriteLineAsync($"bench: round {round} of {Rounds}: {workload.Metric}");
                foreach (var disk in disks)
                {
                    var value = await workload.RunAsync(disk.Uri, cancellationToken);
                    await disk.SettleAsync(cancellationToken);
                    (values.TryGetValue((workload, disk), out var list) ? list : values[(workload, disk)] = []).Add(value);
                }
            }
        }

        return
        [
            .. from workload in workloads
               from peer in disks.Skip(1)
               select new Comparison(workload.Metric, Median(values[(workload, skerry)]), workload.Unit, peer.Name, Median(values[(workload, peer)])),
        ];
    }

    private static double Median(List<double> values) => Math.Round(values.Order().ElementAt(values.Count / 2), 1);

    private static async Task<string> MakeContentAsync(string folder, CancellationToken cancellationToken)
    {
        const int Piece = 1 << 20;
        var file = Path.Combine(folder, "content");
        var buffer = new byte[Piece];
        var random = new Random(1);
        await using var stream = File.Create(file);
        for (long done = 0; done < DiskBytes; done += Piece)
        {
            random.NextBytes(buffer);
            await stream.WriteAsync(buffer, cancellationToken);
        }

        return file;
    }
}
