namespace Skerry.Simulation.Large;

/// <summary><c>make simulate-large</c>.</summary>
public sealed class LargeTests(ITestOutputHelper output)
{
    [Fact]
    public void The_model_of_a_tree_agrees_with_the_real_code_on_a_few_sites() => RequireAgreement(new LargeOptions(40));

    [Fact(Explicit = true)]
    public void A_thousand_sites_converge_after_half_were_cut_off_and_ten_thousand_do_in_the_model()
    {
        RequireAgreement(new LargeOptions(1000));
        output.WriteLine(new ModelTree(new LargeOptions(10_000), seed: 1).Run().ToString());
    }

    /// <summary>The same mutations over the same links but for what chance decides: batches within a tenth, and time within two flushes.</summary>
    private void RequireAgreement(LargeOptions options)
    {
        var model = new ModelTree(options, seed: 1).Run();
        output.WriteLine(model.ToString());
        var real = new RealTree(options, seed: 1).Run();
        output.WriteLine(real.ToString());
        Assert.InRange((double)model.Mutations / real.Mutations, 0.97, 1.03);
        Assert.InRange((double)model.Carried / real.Carried, 0.95, 1.05);
        Assert.InRange((double)model.Batches / real.Batches, 0.9, 1.1);
        Assert.InRange((model.ConvergedAfter - real.ConvergedAfter).Duration(), TimeSpan.Zero, 2 * options.SyncDelta);
    }
}
