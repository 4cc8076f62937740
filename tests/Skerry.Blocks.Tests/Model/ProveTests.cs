using System.Collections.Concurrent;
using System.Globalization;

namespace Skerry.Blocks.Tests.Model;

/// <summary>
/// The model test for as long as it is told: <c>make prove [SEED=first] [STEPS=count]</c>. Goes on after a failure, so that one run
/// tells whether there is one fault or several; each failure names its seed, which <c>make prove SEED=that STEPS=1</c> replays.
/// </summary>
public sealed class ProveTests
{
    private const int MaxFailures = 5;
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(10);

    [Fact(Explicit = true)]
    public async Task As_many_steps_as_asked_for()
    {
        var seed = Number("SKERRY_SEED", 1_000_000) - 1;
        var wanted = Number("SKERRY_STEPS", 1_000_000);
        var (steps, crashes, images, refusals) = (0L, 0L, 0L, 0L);
        var failures = new ConcurrentQueue<string>();
        var started = TimeProvider.System.GetTimestamp();
        var told = TimeSpan.Zero;
        var telling = new Lock();
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Read(ref steps) < wanted && failures.Count < MaxFailures)
            {
                var run = Run((int)Interlocked.Increment(ref seed));
                try
                {
                    await run.RunAsync();
                }
                catch (InvalidOperationException e)
                {
                    failures.Enqueue(e.Message);
                    Console.WriteLine($"prove: FAILED: {e.Message}");
                }

                Interlocked.Add(ref steps, run.Steps);
                Interlocked.Add(ref crashes, run.Crashes);
                Interlocked.Add(ref images, run.Images);
                Interlocked.Add(ref refusals, run.Refusals);
                lock (telling)
                {
                    var elapsed = TimeProvider.System.GetElapsedTime(started);
                    if (elapsed - told > ReportEvery)
                    {
                        told = elapsed;
                        Tell(elapsed);
                    }
                }
            }
        })));
        Tell(TimeProvider.System.GetElapsedTime(started));
        Assert.True(failures.IsEmpty, string.Join("\n", failures));
        Assert.True(crashes + images > 0, "no crash was tried");

        void Tell(TimeSpan elapsed) => Console.WriteLine(
            $"prove: {elapsed.TotalSeconds:0} s, up to seed {Interlocked.Read(ref seed)}: {Interlocked.Read(ref steps)} steps, {Interlocked.Read(ref crashes)} crashes gone on from, {Interlocked.Read(ref images)} tried beside, {Interlocked.Read(ref refusals)} refusals, {failures.Count} failures");
    }

    /// <summary>Every fifth history is short and tries every boundary.</summary>
    private static ModelRun Run(int seed) =>
        new(seed, seed % 5 == 0 ? new ModelRunOptions { Steps = 60, EveryBoundary = true } : new ModelRunOptions { Steps = 400 });

    private static long Number(string variable, long otherwise) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
