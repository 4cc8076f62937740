using Skerry.Domain.Groups;

namespace Skerry.Domain.Tests.Recovery;

/// <summary>Cuts by a letter, in the order of the alphabet; each member by its marks, a letter and the number that it stood at.</summary>
public sealed class GroupPointTests
{
    [Theory]
    [InlineData("a1 b2 c3", "a5 b5", "b", "", "")]
    [InlineData("a1 b2", "c5", null, "", "")]
    [InlineData("a1 b2 c3 d4 e5", "a1 b2 c3 d4 e5", "e", "a b", "a b")]
    [InlineData("a1 c3 d4", "b2 c3 d4", "d", "a", "b")]
    [InlineData("a1 !b2 c3", "a1 b2", "a", "b", "")]
    [InlineData("b1 a2", "b1 a2", "a", "", "")]
    [InlineData("a1 b1", "a1 b1", "b", "", "")]
    public void The_recovery_point_is_the_newest_cut_that_all_have_in_their_past(string one, string other, string? newest, string dropOne, string dropOther)
    {
        var point = GroupPoint.Of(new Dictionary<string, IReadOnlyList<KeptMark>> { ["one"] = Marks(one), ["other"] = Marks(other) });
        Assert.Equal(newest is null ? null : Named(newest), point.Newest);
        Assert.Equal(dropOne, Letters(point.Drop["one"]));
        Assert.Equal(dropOther, Letters(point.Drop["other"]));
    }

    [Fact]
    public void States_that_wait_for_a_member_that_gets_none_are_bounded()
    {
        var many = Enumerable.Range(1, 100).Select(n => new KeptMark(Cut.New(DateTimeOffset.UnixEpoch.AddSeconds(n), "00000000-"), 1, n, true)).ToList();
        var point = GroupPoint.Of(new Dictionary<string, IReadOnlyList<KeptMark>> { ["one"] = many, ["other"] = [] });
        Assert.Equal("other", point.Lacking);
        Assert.Equal(many.Take(100 - GroupPoint.MostPending).Select(m => m.Cut), point.Drop["one"].OrderBy(c => c.Id, StringComparer.Ordinal));
    }

    private static List<KeptMark> Marks(string text) =>
        [.. text.Split(' ').Select(m => new KeptMark(Named(m.TrimStart('!')[..1]), 1, m[^1] - '0', !m.StartsWith('!')))];

    private static Cut Named(string letter) => Cut.New(DateTimeOffset.UnixEpoch.AddSeconds(letter[0]), "00000000-");

    private static string Letters(IEnumerable<Cut> cuts) =>
        string.Join(' ', cuts.Select(c => ((char)c.TakenAt.ToUnixTimeSeconds()).ToString()).Order(StringComparer.Ordinal));
}
