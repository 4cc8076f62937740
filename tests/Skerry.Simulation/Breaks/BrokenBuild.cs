using System.Diagnostics;
using System.Globalization;
using Skerry.Simulation.Runs;

namespace Skerry.Simulation.Breaks;

/// <summary>
/// Builds State and Sync with a break, beside a copy of this program, and runs that. A break changes no signature, so that the rest need
/// not be built again.
/// </summary>
internal sealed class BrokenBuild(string repository, Break broken)
{
    private static readonly TimeSpan LongestBuild = TimeSpan.FromMinutes(5);

    private readonly string _place = Path.Combine(repository, "artifacts/breaks", broken.Name);

    /// <summary>Runs seeds until one fails.</summary>
    /// <returns>How many it took and what the last one says, or null when none failed in that time.</returns>
    public async Task<(int Runs, string Why)?> FindAsync(int seeds, TimeSpan longest)
    {
        await BuildAsync();
        var (exitCode, output) = await RunAsync(
            "dotnet", [Path.Combine(_place, "bin/Skerry.Simulation.dll"), "-noColor", "-method", "*.Sites_under_trouble_*"], seeds, longest);
        var at = output.IndexOf(Campaign.FailedAfter, StringComparison.Ordinal);
        Directory.Delete(_place, recursive: true);
        if (exitCode == 0 || at < 0)
        {
            return null;
        }

        // The number, what replays the run, and on the next line what is wrong.
        var told = output[(at + Campaign.FailedAfter.Length)..];
        return (int.Parse(told.AsSpan(0, told.IndexOf(':')), CultureInfo.InvariantCulture), told.Split('\n')[1].Trim());
    }

    private async Task BuildAsync()
    {
        if (Directory.Exists(_place))
        {
            Directory.Delete(_place, recursive: true);
        }

        foreach (var file in Directory.GetFiles(repository).Where(f => Path.GetFileName(f) is "global.json" or ".editorconfig" || f.EndsWith(".props", StringComparison.Ordinal)))
        {
            Copy(repository, file, _place);
        }

        foreach (var project in (string[])["src/Skerry.State", "src/Skerry.Sync"])
        {
            foreach (var file in Sources(Path.Combine(repository, project)))
            {
                Copy(repository, file, _place);
            }
        }

        foreach (var change in broken.Changes)
        {
            var path = Path.Combine(_place, change.Path);
            await File.WriteAllTextAsync(path, change.Apply(await File.ReadAllTextAsync(path)));
        }

        var (exitCode, output) = await RunAsync(
            "dotnet",
            ["build", Path.Combine(_place, "src/Skerry.Sync"), "-c", "Release", "-v", "quiet", "-clp:NoSummary", "-p:RunAnalyzers=false", "-p:TreatWarningsAsErrors=false", "-p:GenerateDocumentationFile=false"],
            0,
            LongestBuild);
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"{broken.Name} does not build:\n{output}");
        }

        var program = Path.Combine(_place, "bin");
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            Copy(AppContext.BaseDirectory, file, program);
        }

        foreach (var file in Directory.GetFiles(Path.Combine(_place, "src/Skerry.Sync/bin/Release"), "Skerry.*.dll", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(program, Path.GetFileName(file)), overwrite: true);
        }
    }

    private static IEnumerable<string> Sources(string directory) =>
        Directory.GetFiles(directory).Concat(Directory.GetDirectories(directory).Where(d => Path.GetFileName(d) is not ("bin" or "obj")).SelectMany(Sources));

    private static void Copy(string from, string file, string to)
    {
        var target = Path.Combine(to, Path.GetRelativePath(from, file));
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(file, target);
    }

    private async Task<(int ExitCode, string Output)> RunAsync(string program, IReadOnlyList<string> arguments, int seeds, TimeSpan longest)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _place };
        start.Environment["SKERRY_SEEDS"] = seeds.ToString(CultureInfo.InvariantCulture);
        start.Environment["SKERRY_SHRINK"] = "no";
        start.Environment["SKERRY_THREADS"] = "1";
        using var process = Process.Start(start)!;
        using var over = new CancellationTokenSource(longest);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(over.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }

        return (process.ExitCode, await output + await errors);
    }
}
