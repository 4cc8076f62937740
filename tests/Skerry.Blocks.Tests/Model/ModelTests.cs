namespace Skerry.Blocks.Tests.Model;

/// <summary>
/// Random operations and faults against a model, for the same few seeds each time. <see cref="ProveTests"/> goes on for as long as it is told.
/// </summary>
public sealed class ModelTests
{
    [Fact]
    public async Task After_every_crash_the_store_is_a_state_between_the_last_durable_and_the_last_acknowledged()
    {
        var (crashes, refusals, cleanings) = (0, 0, 0);
        foreach (var seed in Enumerable.Range(1, 40))
        {
            var run = new ModelRun(seed, new ModelRunOptions { Steps = 400 });
            await run.RunAsync();
            crashes += run.Crashes;
            refusals += run.Refusals;
            cleanings += run.Cleanings;
        }

        Assert.True(crashes > 0, "no power cut happened");
        Assert.True(refusals > 0, "the disk was never full");
        Assert.True(cleanings > 10, $"only {cleanings} packs were filled");
    }

    [Fact]
    public async Task A_crash_at_any_boundary_of_a_write_or_sync_leaves_such_a_state()
    {
        var images = 0;
        foreach (var seed in Enumerable.Range(1001, 8))
        {
            var run = new ModelRun(seed, new ModelRunOptions { Steps = 40, EveryBoundary = true });
            await run.RunAsync();
            images += run.Images;
        }

        Assert.True(images > 100, $"only {images} crashes were tried");
    }
}
