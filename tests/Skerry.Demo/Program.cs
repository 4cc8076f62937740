using System.Diagnostics;
using Skerry.Demo;
using Spectre.Console;

if (args is ["wires", .. var wires])
{
    await KeepRunning.CarryAsync(wires);
    return 0;
}

// The main job, end to end, with the real programs. Ends with 0 when every step held.
using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(6));
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
var keep = Environment.GetEnvironmentVariable("KEEP") is "1" or "true" or "yes";
var total = Stopwatch.GetTimestamp();
var stage = Stage.Open();
var story = new Story(stage, line => Console.WriteLine($"         {line}"));
var failed = false;
try
{
    for (var i = 0; i < Story.Steps.Count && !failed; i++)
    {
        var step = Story.Steps[i];
        var started = Stopwatch.GetTimestamp();
        Console.WriteLine($"step {i + 1}/{Story.Steps.Count}  {step.Title}");
        try
        {
            await step.RunAsync(story, stop.Token);
            Console.WriteLine($"         done in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            failed = true;
            Console.WriteLine($"         FAILED after {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s: {e.Message}");
            foreach (var site in stage.Sites.Where(s => s.HasStarted))
            {
                Console.WriteLine($"--- the end of {site.Name}'s log ---\n{site.Daemon.LogTail(6)}");
            }
        }
    }

    var table = new Table().Border(TableBorder.Square).AddColumn("proved").AddColumn("by");
    foreach (var (claim, evidence) in story.Proofs)
    {
        table.AddRow(Markup.Escape(claim), Markup.Escape(evidence));
    }

    AnsiConsole.Write(table);
    Console.WriteLine(failed
        ? "The demo failed; the reason stands above."
        : $"All {Story.Steps.Count} steps held, in {Stopwatch.GetElapsedTime(total).TotalSeconds:0} s.");
    if (keep && !failed)
    {
        await KeepRunning.LeaveAsync(stage);
    }
}
finally
{
    if (!keep || failed)
    {
        await story.DisposeAsync();
    }
}

return failed ? 1 : 0;
