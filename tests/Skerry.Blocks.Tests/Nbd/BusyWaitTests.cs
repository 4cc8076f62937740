using Skerry.Blocks.Nbd;

namespace Skerry.Blocks.Tests.Nbd;

public sealed class BusyWaitTests
{
    [Fact]
    public void Waits_in_vain_become_rare_and_one_that_was_worth_it_starts_anew()
    {
        Assert.SkipWhen(Environment.ProcessorCount == 1, "it never asks twice on one processor");
        BusyWait wait = new(TimeSpan.FromMicroseconds(10));
        int asked = 0;
        for (int receive = 0; receive < 10_000; receive++)
        {
            if (wait.Begin())
            {
                asked++;
                while (wait.GoOn())
                {
                }
            }
        }

        Assert.InRange(asked, 5, 100);
        while (!wait.Begin())
        {
        }

        wait.WasWorthIt();
        Assert.True(wait.Begin());
    }

    [Fact]
    public void Without_a_limit_it_always_sleeps_at_once()
    {
        BusyWait wait = new(TimeSpan.Zero);
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.False(wait.Begin()));
    }
}
