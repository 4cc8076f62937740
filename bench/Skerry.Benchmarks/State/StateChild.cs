using System.Diagnostics;
using System.Globalization;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Storage;
using Skerry.State.Storage.Sqlite;

namespace Skerry.Benchmarks.State;

/// <summary>One measurement in a process of its own, so that memory is that of the state alone and a core can be had alone.</summary>
internal static class StateChild
{
    public const string Verb = "state-child";

    /// <summary>As many as a link sends at once by default.</summary>
    private const int BatchMutations = 1000;

    private static readonly Random Seeded = new(7);

    public static async Task<int> RunAsync(string what, string folder, CancellationToken cancellationToken)
    {
        var seconds = what switch
        {
            "write" => Write(folder),
            "merge-memory" => await MergeAsync(new MemoryStore(), folder, updates: false, cancellationToken),
            "merge-memory-updates" => await MergeAsync(new MemoryStore(), folder, updates: true, cancellationToken),
            "merge-durable" => await MergeAsync(await SqliteStore.OpenAsync(Path.Combine(folder, $"merge-{Environment.ProcessId}.db"), cancellationToken), folder, updates: false, cancellationToken),
            "take-log" => await TakeLogAsync(folder, cancellationToken),
            "take-snapshot" => await TakeSnapshotAsync(folder, cancellationToken),
            "start" => await StartAsync(folder, cancellationToken),
            _ => throw new ArgumentException($"there is no measurement '{what}'"),
        };
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seconds={seconds} resident={Resident("VmRSS")} peak={Resident("VmHWM")}"));
        return 0;
    }

    private static double Write(string folder)
    {
        var started = Stopwatch.GetTimestamp();
        StateLoad.Write(folder);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>A fifth of the mutations, from their bytes on, as a link hands them over; reading the file is not counted.</summary>
    private static async Task<double> MergeAsync(IStateStore store, string folder, bool updates, CancellationToken cancellationToken)
    {
        if (store is MemoryStore) Process.GetCurrentProcess().ProcessorAffinity = 1;
        await using var replica = await OpenAsync(store, cancellationToken);
        var creations = FrameFile.Read(StateLoad.Mutations(folder)).Take(updates ? StateLoad.Entities : StateLoad.Entities / 5);
        if (updates)
        {
            await replica.JoinAsync(StateSnapshot.Decode(FrameFile.Read(StateLoad.Chunks(folder))), cancellationToken);
            creations = FrameFile.Read(StateLoad.Updates(folder));
        }

        ReadOnlyMemory<byte>[][] batches = [.. creations.Chunk(BatchMutations)];
        await WarmUpAsync(batches, updates, cancellationToken);
        GC.Collect();
        var started = Stopwatch.GetTimestamp();
        foreach (var batch in batches) await ApplyAsync(replica, batch, cancellationToken);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>What is measured is a daemon that has run for a while, whose code is compiled.</summary>
    private static async Task WarmUpAsync(ReadOnlyMemory<byte>[][] batches, bool updates, CancellationToken cancellationToken)
    {
        for (var round = 0; round < 3 && !updates; round++)
        {
            await using var replica = await OpenAsync(new MemoryStore(), cancellationToken);
            foreach (var batch in batches.Take(10)) await ApplyAsync(replica, batch, cancellationToken);
            await Task.Delay(300, cancellationToken);
        }
    }

    private static async Task<double> TakeLogAsync(string folder, CancellationToken cancellationToken)
    {
        await using var replica = await OpenAsync(await SqliteStore.OpenAsync(Path.Combine(folder, "take-log.db"), cancellationToken), cancellationToken);
        var started = Stopwatch.GetTimestamp();
        var batches = 0;
        foreach (var batch in FrameFile.Read(StateLoad.Mutations(folder)).Chunk(BatchMutations))
        {
            await ApplyAsync(replica, batch, cancellationToken);
            if (++batches % 100 == 0) await replica.CutLogAsync(cancellationToken);
        }

        await RestAsync(replica, cancellationToken);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<double> TakeSnapshotAsync(string folder, CancellationToken cancellationToken)
    {
        await using var replica = await OpenAsync(await SqliteStore.OpenAsync(Path.Combine(folder, "take-snapshot.db"), cancellationToken), cancellationToken);
        var started = Stopwatch.GetTimestamp();
        await replica.JoinAsync(StateSnapshot.Decode(FrameFile.Read(StateLoad.Chunks(folder))), cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await RestAsync(replica, cancellationToken);
        return seconds;
    }

    private static async Task<double> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        await using var replica = await OpenAsync(await SqliteStore.OpenAsync(Path.Combine(folder, "take-snapshot.db"), cancellationToken), cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await RestAsync(replica, cancellationToken);
        return seconds;
    }

    private static async ValueTask ApplyAsync(Replica replica, ReadOnlyMemory<byte>[] batch, CancellationToken cancellationToken)
    {
        var mutations = new Mutation[batch.Length];
        for (var i = 0; i < batch.Length; i++) mutations[i] = MutationCodec.Decode(batch[i]);
        await replica.ApplyAsync(mutations, cancellationToken);
    }

    /// <summary>The memory that is told is that of a site at work: a while later, a few local writes on.</summary>
    private static async Task RestAsync(Replica replica, CancellationToken cancellationToken)
    {
        if (!replica.TakeSnapshot().State.Entities().Any()) throw new InvalidOperationException("nothing was taken");
        for (var i = 0; i < 10; i++)
        {
            await replica.CommitAsync(t => t.Set(new("site", "own"), "seen", Skerry.State.Merging.FieldValue.From(i)), new CommitOptions("site"), cancellationToken);
            await Task.Delay(100, cancellationToken);
        }
    }

    private static ValueTask<Replica> OpenAsync(IStateStore store, CancellationToken cancellationToken) =>
        Replica.OpenAsync(new ReplicaOptions { Site = new SiteId(1) }, store, TimeProvider.System, Seeded, cancellationToken);

    /// <summary>In bytes; from proc_pid_status(5), which says KiB.</summary>
    private static long Resident(string line) => 1024 * long.Parse(
        File.ReadLines("/proc/self/status").First(l => l.StartsWith($"{line}:", StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);
}
