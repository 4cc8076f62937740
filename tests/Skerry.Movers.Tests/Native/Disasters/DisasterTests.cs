using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using Skerry.Movers.Native;
using Skerry.TestKit.Seeds;

namespace Skerry.Movers.Tests.Native.Disasters;

/// <summary>
/// Disasters from seeds: a few with every test run, as many as asked for with <c>make disasters [SEEDS=2000] [SEED=first]</c>. Most of a
/// disaster is waiting, so several run at once.
/// </summary>
public sealed class DisasterTests
{
    private const int AtOnce = 16, FewSeeds = 12, EnoughSeeds = 500;

    private static readonly string[] s_moments =
    [
        .. new[] { typeof(MoverSteps), typeof(GroupSteps) }
            .SelectMany(t => t.GetFields(BindingFlags.Public | BindingFlags.Static)).Select(f => (string)f.GetRawConstantValue()!),
    ];

    [Fact]
    public async Task Whatever_breaks_a_promoted_copy_is_a_state_of_the_primary_and_the_copies_come_together_again()
    {
        var first = Number("SKERRY_SEED");
        await RunAsync(first ?? 0, first is null ? FewSeeds : 1, TestContext.Current.CancellationToken);
    }

    [Fact(Explicit = true)]
    public async Task As_many_disasters_as_asked_for()
    {
        var first = Number("SKERRY_SEED") ?? 0;
        var seeds = Number("SKERRY_SEEDS") ?? (Number("SKERRY_SEED") is null ? 2000 : 1);
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            var tally = await RunAsync(first, seeds, TestContext.Current.CancellationToken, isTold: true);
            Console.WriteLine($"disasters: {seeds} in {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s: {tally}");
        }
        finally
        {
            foreach (var moment in s_moments)
            {
                Console.WriteLine(
                    $"disasters: {moment,-36} reached {Strikes.Reached.GetValueOrDefault(moment),9}, struck {Strikes.Struck.GetValueOrDefault(moment),6}");
            }
        }

        Assert.True(seeds < EnoughSeeds || Untouched().Count == 0, $"the protocol never came to, or was never struck at: {string.Join(", ", Untouched())}");
    }

    private static List<string> Untouched() =>
        [.. s_moments.Where(m => Strikes.Reached.GetValueOrDefault(m) == 0 || Strikes.Struck.GetValueOrDefault(m) == 0)];

    private static async Task<DisasterTally> RunAsync(int first, int seeds, CancellationToken cancellationToken, bool isTold = false)
    {
        var (failures, total, done) = (new ConcurrentQueue<string>(), new DisasterTally(), 0);
        await Parallel.ForEachAsync(
            Enumerable.Range(first, seeds),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (seed, _) =>
            {
                // Each seed aims at moments of its own, so that all come up soon.
                string[] aims = [.. s_moments.Skip(seed * 7 % s_moments.Length), .. s_moments.Take(seed * 7 % s_moments.Length)];
                var disaster = new Disaster(new Chance(seed), aims);
                try
                {
                    await disaster.RunAsync();
                }
                catch (Exception failure)
                {
                    failures.Enqueue($"Seed {seed} fails; SKERRY_SEED={seed} replays it: {failure}");
                    Console.WriteLine(failures.Last());
                }

                lock (total)
                {
                    total.Add(disaster.Tally);
                    if (isTold && ++done % 100 == 0)
                    {
                        Console.WriteLine($"disasters: {done} of {seeds}, {failures.Count} failed");
                    }
                }
            });
        Assert.True(failures.IsEmpty, string.Join("\n\n", failures.Take(5)));
        return total;
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;
}
