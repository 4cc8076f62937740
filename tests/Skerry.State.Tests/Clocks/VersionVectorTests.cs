using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.TestKit.Seeds;

namespace Skerry.State.Tests.Clocks;

public sealed class VersionVectorTests
{
    [Fact]
    public Task A_merge_is_the_least_vector_that_covers_both() => Chance.ForEachSeedAsync(500, chance =>
    {
        var (a, b) = (Draw(chance), Draw(chance));
        var merged = a.Merge(b);
        Assert.True(merged.CoversAll(a) && merged.CoversAll(b));
        Assert.All(merged, dot => Assert.True(a.Covers(dot) || b.Covers(dot)));
        Assert.Equal(merged, b.Merge(a));
        Assert.Equal(a, a.Merge(a));
        var expected = (a.CoversAll(b), b.CoversAll(a)) switch
        {
            (true, true) => VectorOrder.Equal,
            (true, false) => VectorOrder.After,
            (false, true) => VectorOrder.Before,
            _ => VectorOrder.Concurrent,
        };
        Assert.Equal(expected, a.Compare(b));
        return Task.CompletedTask;
    });

    [Fact]
    public Task Equal_vectors_have_equal_bytes_that_read_back() => Chance.ForEachSeedAsync(500, chance =>
    {
        var vector = Draw(chance);
        var rebuilt = chance.Shuffle(vector).Aggregate(VersionVector.Empty, (built, dot) => built.With(dot));
        Assert.Equal(vector.Encode(), rebuilt.Encode());
        Assert.Equal(vector, VersionVector.Decode(vector.Encode()));
        return Task.CompletedTask;
    });

    [Fact]
    public void Bytes_that_are_no_vector_are_refused()
    {
        var bytes = VersionVector.Empty.With(new Dot(new SiteId(1), 2, 3)).With(new Dot(new SiteId(2), 2, 3)).Encode();
        for (var length = 0; length < bytes.Length; length++) Assert.Throws<StateFormatException>(() => VersionVector.Decode(bytes.AsSpan(0, length)));
        Assert.Throws<StateFormatException>(() => VersionVector.Decode([.. bytes, 0]));
        Assert.Throws<StateFormatException>(() => VersionVector.Decode([255, 255, 255, 255, 255, 255, 255, 255, 255, 1]));
    }

    [Theory]
    [InlineData("00000000000000ff", true)]
    [InlineData("00000000000000FF", true)]
    [InlineData("ff", false)]
    [InlineData(" 0000000000000ff", false)]
    [InlineData("zz000000000000ff", false)]
    [InlineData(null, false)]
    public void A_site_id_is_sixteen_hexadecimal_digits(string? text, bool valid)
    {
        Assert.Equal(valid, SiteId.TryParse(text, out var site));
        if (valid) Assert.Equal("00000000000000ff", site.ToString());
    }

    private static VersionVector Draw(Chance chance)
    {
        var vector = VersionVector.Empty;
        for (var i = chance.Below(6); i > 0; i--)
        {
            vector = vector.With(new Dot(new SiteId((ulong)chance.Below(3) + 1), (ulong)chance.Below(2), 1 + chance.Below(5)));
        }

        return vector;
    }
}
