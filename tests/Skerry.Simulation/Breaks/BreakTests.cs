using System.Diagnostics;

namespace Skerry.Simulation.Breaks;

/// <summary>Whether the simulator would notice.</summary>
public sealed class BreakTests(ITestOutputHelper output)
{
    private const int MostSeeds = 3000;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    [Fact]
    public void Every_break_still_applies_to_the_sources()
    {
        var repository = Repository();
        var breaks = Break.LoadAll(repository);
        Assert.True(breaks.Count >= 15, "There are fewer breaks than there have to be.");
        foreach (var change in breaks.SelectMany(b => b.Changes))
        {
            Assert.NotEqual("", change.Apply(File.ReadAllText(Path.Combine(repository, change.Path))));
        }
    }

    /// <summary><c>make simulate BREAK=all</c>, or one of them by name.</summary>
    [Fact(Explicit = true)]
    public async Task Every_break_is_found()
    {
        var repository = Repository();
        var wanted = Environment.GetEnvironmentVariable("SKERRY_BREAK") ?? "all";
        var breaks = Break.LoadAll(repository).Where(b => wanted == "all" || b.Name == wanted).ToList();
        Assert.NotEmpty(breaks);

        // What is built like this and not broken must run as ever, or nothing below would mean anything.
        Assert.Null(await new BrokenBuild(repository, new Break("nothing", "Nothing.", [])).FindAsync(20, Longest));
        var missed = new List<string>();
        foreach (var broken in breaks)
        {
            var started = Stopwatch.GetTimestamp();
            var found = await new BrokenBuild(repository, broken).FindAsync(MostSeeds, Longest);
            var line = found is { } it ? $"found after {it.Runs} runs" : $"NOT FOUND in {MostSeeds} runs or {Longest.TotalMinutes} minutes";
            output.WriteLine($"{broken.Name}: {line} ({Stopwatch.GetElapsedTime(started).TotalSeconds:0} s). It breaks: {broken.Promise} {found?.Why}");
            if (found is null)
            {
                missed.Add(broken.Name);
            }
        }

        Assert.True(missed.Count == 0, $"The simulator does not notice: {string.Join(", ", missed)}");
    }

    private static string Repository()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Skerry.slnx")))
        {
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("The tests run outside of the repository.");
        }

        return directory;
    }
}
