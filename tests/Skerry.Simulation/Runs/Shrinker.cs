using System.Diagnostics;

namespace Skerry.Simulation.Runs;

/// <summary>
/// Makes a failing run smaller while it still fails: fewer sites, shorter trouble, fewer kinds of it, fewer writes. A smaller run is
/// another one, so for each step a few seeds are tried.
/// </summary>
internal static class Shrinker
{
    private const int SeedsTried = 6;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>The failure, and the smallest run that was found to fail.</summary>
    public static string Tell(SimulationOptions options, Exception failure)
    {
        var (smallest, why) = Shrink(options, failure);
        return $"{smallest.Command}\nfails: {why.Message}\n(Shrunk from {options.Command}, which fails: {failure.Message})";
    }

    private static (SimulationOptions Options, Exception Failure) Shrink(SimulationOptions options, Exception failure)
    {
        var started = Stopwatch.GetTimestamp();
        var smallest = (Options: options, Failure: failure);
        var again = true;
        while (again)
        {
            again = false;
            foreach (var candidate in Smaller(smallest.Options))
            {
                if (Stopwatch.GetElapsedTime(started) > Longest)
                {
                    return smallest;
                }

                if (FirstFailure(candidate) is { } found)
                {
                    smallest = found;
                    again = true;
                    break;
                }
            }
        }

        return smallest;
    }

    private static (SimulationOptions Options, Exception Failure)? FirstFailure(SimulationOptions candidate)
    {
        for (var i = 0; i < SeedsTried; i++)
        {
            var seeded = candidate with { Seed = candidate.Seed + i };
            try
            {
                new World(seeded).Run();
            }
            catch (Exception failure)
            {
                return (seeded, failure);
            }
        }

        return null;
    }

    private static IEnumerable<SimulationOptions> Smaller(SimulationOptions options)
    {
        var plan = new World(options).Plan;
        var faults = plan.Faults.Order().ToList();
        if (faults.Count > 2)
        {
            yield return options with { Faults = [.. faults.Take(faults.Count / 2)] };
            yield return options with { Faults = [.. faults.Skip(faults.Count / 2)] };
        }

        if (plan.Sites > 2)
        {
            yield return options with { Sites = Math.Max(2, plan.Sites / 2) };
            yield return options with { Sites = plan.Sites - 1 };
        }

        if (plan.Trouble > TimeSpan.FromSeconds(2))
        {
            yield return options with { TroubleSeconds = Math.Round(plan.Trouble.TotalSeconds / 2, 1) };
        }

        foreach (var fault in faults)
        {
            yield return options with { Faults = [.. faults.Where(other => other != fault)] };
        }

        if (plan.WritePause < plan.Trouble / 4)
        {
            yield return options with { PauseSeconds = Math.Round(plan.WritePause.TotalSeconds * 2, 2) };
        }
    }
}
