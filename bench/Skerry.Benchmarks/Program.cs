using Skerry.Benchmarks;
using Skerry.Benchmarks.Blocks;
using Skerry.Benchmarks.Replicate;
using Skerry.Benchmarks.State;
using Skerry.Benchmarks.Store;

IReadOnlyDictionary<string, Func<string, Selection, CancellationToken, Task<IReadOnlyList<Comparison>>>> benchmarks =
    new SortedDictionary<string, Func<string, Selection, CancellationToken, Task<IReadOnlyList<Comparison>>>>(StringComparer.Ordinal)
    {
        ["blocks"] = async (folder, selection, cancellationToken) =>
        [
            .. await BlockBenchmark.RunAsync(folder, selection, cancellationToken),
            .. await StoreBenchmark.RunAsync(folder, selection, cancellationToken),
        ],
        ["maps"] = MapBenchmark.RunAsync,
        ["replicate"] = ReplicateBenchmark.RunAsync,
        ["state"] = StateBenchmark.RunAsync,
    };

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};

if (args is [SnapshotCosts.FillVerb, var directory, var gibibytes])
{
    return await SnapshotCosts.FillAsync(directory, int.Parse(gibibytes), stop.Token);
}

if (args is [StateChild.Verb, var measurement, var data])
{
    return await StateChild.RunAsync(measurement, data, stop.Token);
}

if (args is not [var name, var folder, .. var words] || (name != "all" && !benchmarks.ContainsKey(name)))
{
    var asked = args.Length > 0 ? $"there is no benchmark '{args[0]}'" : "no benchmark was named";
    Console.Error.WriteLine($"bench: {asked}; use all, or one of: {string.Join(", ", benchmarks.Keys)}");
    return 2;
}

var (selection, mistakes) = Selection.Parse(words);
if (mistakes.Count > 0)
{
    Console.Error.WriteLine($"bench: {string.Join("; ", mistakes)}");
    return 2;
}

Directory.CreateDirectory(folder);
foreach (var (chosen, runAsync) in benchmarks.Where(b => name == "all" || name == b.Key))
{
    var work = Path.Combine(Path.GetFullPath(folder), $"{chosen}.work");
    if (Directory.Exists(work))
    {
        Directory.Delete(work, recursive: true);
    }

    Directory.CreateDirectory(work);
    try
    {
        var started = TimeProvider.System.GetTimestamp();
        var comparisons = await runAsync(work, selection, stop.Token);
        await Report.WriteAsync(Path.Combine(folder, $"{chosen}.json"), comparisons, stop.Token);
        Report.Print(comparisons, Console.Out);
        Console.Error.WriteLine($"bench: {chosen} took {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s");
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
        Console.Error.WriteLine("bench: stopped; nothing was written");
        return 1;
    }
    finally
    {
        Directory.Delete(work, recursive: true);
    }
}

return 0;
