namespace Skerry.Blocks.Tests;

/// <summary>Random operations and power cuts against a model. SKERRY_SEED replays one seed, SKERRY_SEEDS sets how many are tried.</summary>
public sealed class ModelTests
{
    [Fact]
    public async Task After_every_crash_the_store_is_a_state_between_the_last_durable_and_the_last_acknowledged()
    {
        var crashes = 0;
        var single = Environment.GetEnvironmentVariable("SKERRY_SEED");
        var first = single is null ? 1 : int.Parse(single);
        var count = single is not null ? 1 : int.Parse(Environment.GetEnvironmentVariable("SKERRY_SEEDS") ?? "60");
        for (var seed = first; seed < first + count; seed++)
        {
            var run = new ModelRun(seed);
            await run.RunAsync(400);
            crashes += run.Crashes;
        }

        Assert.True(crashes > 0, "no power cut happened");
    }
}
