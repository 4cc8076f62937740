namespace Skerry.Blocks.Tests;

public sealed class LineageTests
{
    private static readonly RunStart A = new(1, 0xA, 1), B = new(1, 0xB, 61), OtherB = new(2, 0xC, 51);

    [Fact]
    public void Within_the_last_shared_run_the_smaller_end_counts()
    {
        Assert.Equal(40, Lineage.CommonNumber(new([A], 40), new([A], 90)));
        Assert.Equal(60, Lineage.CommonNumber(new([A, B], 70), new([A], 90)));
        Assert.Equal(50, Lineage.CommonNumber(new([A, B], 70), new([A, OtherB], 55)));
        Assert.Equal(65, Lineage.CommonNumber(new([A, B], 70), new([A, B], 65)));
    }

    [Fact]
    public void A_disk_never_written_shares_number_0_and_strangers_share_nothing()
    {
        Assert.Equal(0, Lineage.CommonNumber(Lineage.Empty, Lineage.Empty));
        Assert.Equal(0, Lineage.CommonNumber(Lineage.Empty, new([A], 7)));
        Assert.Equal(-1, Lineage.CommonNumber(new([A], 7), new([new(1, 0xD, 1)], 7)));
    }

    [Fact]
    public void A_state_is_a_prefix_of_what_went_on_from_it_only()
    {
        Assert.True(new Lineage([A], 60).IsPrefixOf(new([A, B], 70)));
        Assert.False(new Lineage([A], 61).IsPrefixOf(new([A, B], 70)));
        Assert.False(new Lineage([A, B], 70).IsPrefixOf(new([A], 60)));
        Assert.True(Lineage.Empty.IsPrefixOf(new([A], 1)));
    }

    [Fact]
    public void Lineages_with_the_same_runs_and_end_are_equal()
    {
        Assert.Equal(new Lineage([A, B], 70), new Lineage(new List<RunStart> { A, B }, 70));
        Assert.NotEqual(new Lineage([A, B], 70), new Lineage([A, B], 71));
    }
}
