using Skerry.Benchmarks;
using Skerry.Benchmarks.Blocks;

IReadOnlyDictionary<string, Func<string, CancellationToken, Task<IReadOnlyList<Comparison>>>> benchmarks =
    new SortedDictionary<string, Func<string, CancellationToken, Task<IReadOnlyList<Comparison>>>>(StringComparer.Ordinal)
    {
        ["blocks"] = BlockBenchmark.RunAsync,
    };

if (args is not [var name, var folder] || (name != "all" && !benchmarks.ContainsKey(name)))
{
    var asked = args.Length > 0 ? $"there is no benchmark '{args[0]}'" : "no benchmark was named";
    Console.Error.WriteLine($"bench: {asked}; use all, or one of: {string.Join(", ", benchmarks.Keys)}");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};

Directory.CreateDirectory(folder);
foreach (var (chosen, runAsync) in benchmarks.Where(b => name == "all" || name == b.Key))
{
    var work = Path.Combine(folder, $"{chosen}.work");
    Directory.CreateDirectory(work);
    try
    {
        var comparisons = await runAsync(work, stop.Token);
        await Report.WriteAsync(Path.Combine(folder, $"{chosen}.json"), comparisons, stop.Token);
        Report.Print(comparisons, Console.Out);
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
