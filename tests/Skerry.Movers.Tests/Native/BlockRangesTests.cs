using Skerry.Movers.Native;

namespace Skerry.Movers.Tests.Native;

public sealed class BlockRangesTests
{
    [Theory]
    [InlineData("0-4", "4-8", "0-8")]
    [InlineData("0-4 8-12", "2-10", "0-12")]
    [InlineData("0-4", "8-12", "0-4 8-12")]
    [InlineData("", "3-4", "3-4")]
    [InlineData("0-20", "3-4", "0-20")]
    public void A_union_is_merged_and_in_order(string one, string other, string union) =>
        Assert.Equal(union, Words(BlockRanges.Union(Parse(one), Parse(other))));

    [Theory]
    [InlineData("0-4 8-12", 0, "0-4 8-12")]
    [InlineData("0-4 8-12", 2, "2-4 8-12")]
    [InlineData("0-4 8-12", 4, "8-12")]
    [InlineData("0-4 8-12", 12, "")]
    public void What_is_left_begins_at_the_offset(string ranges, long offset, string left) =>
        Assert.Equal(left, Words(BlockRanges.From(Parse(ranges), offset)));

    [Fact]
    public void Pieces_are_no_longer_than_asked_and_holes_stay_whole() =>
        Assert.Equal(
            [new ByteRange(0, 4, false), new ByteRange(4, 3, false), new ByteRange(10, 90, true)],
            BlockRanges.Pieces([new ByteRange(0, 7, false), new ByteRange(10, 90, true)], 4));

    private static IEnumerable<ByteRange> Parse(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => w.Split('-').Select(long.Parse).ToArray())
            .Select(w => new ByteRange(w[0], w[1] - w[0], false));

    private static string Words(IEnumerable<ByteRange> ranges) => string.Join(' ', ranges.Select(r => $"{r.OffsetBytes}-{r.EndBytes}"));
}
