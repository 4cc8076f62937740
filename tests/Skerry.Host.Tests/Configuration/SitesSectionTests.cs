using Skerry.Host.Configuration;

namespace Skerry.Host.Tests.Configuration;

/// <summary>The section [sites].</summary>
public sealed class SitesSectionTests
{
    private const string Small = "[site]\nname = north\ndata_dir = /srv/skerry\n";

    [Fact]
    public void Witnesses_have_a_majority_as_quorum_unless_one_is_given_and_none_ends_them()
    {
        Assert.Null(Read("").Site!.Witnesses);
        var majority = Read("[sites]\nwitnesses = a, b, c, d\n").Site!.Witnesses!;
        Assert.Equal((4, 3, 60.0), (majority.Sites.Count, majority.Quorum, majority.AfterSeconds));
        var given = Read("[sites]\nwitnesses = a, b, c\nquorum = 3\nfailed_after = 300\n").Site!.Witnesses!;
        Assert.Equal((3, 300.0), (given.Quorum, given.AfterSeconds));
        Assert.Equal(0, Read("[sites]\nwitnesses = none\n").Site!.Witnesses!.Quorum);
    }

    [Theory]
    [InlineData("witnesses = a, b, c\nquorum = 4\n", "4 of 3 witnesses", 6)]
    [InlineData("witnesses = a, b\nquorum = 1\n", "take three, or a quorum of both", 6)]
    [InlineData("witnesses = a, b, a\n", "named twice", 5)]
    [InlineData("quorum = 2\n", "there are no witnesses", 5)]
    [InlineData("witnesses = a, b, c\nfailed_after = 1\n", "10", 6)]
    public void A_mistake_is_told_with_its_line(string text, string expected, int line)
    {
        var (site, mistakes) = Read("[sites]\n" + text);

        Assert.Null(site);
        var mistake = Assert.Single(mistakes);
        Assert.Contains(expected, mistake.ToString(), StringComparison.Ordinal);
        Assert.Contains($"line {line}", mistake.ToString(), StringComparison.Ordinal);
    }

    private static (SiteConfiguration? Site, IReadOnlyList<ConfigurationMistake> Mistakes) Read(string text) =>
        ConfigurationReader.Read(Small + text, new Dictionary<string, string>(), new Dictionary<string, string>());
}
