namespace Skerry.Blocks.Tests;

public sealed class SegmentSizeTests
{
    [Theory]
    [InlineData(64L << 20, 8 << 20)]
    [InlineData(2L << 30, 8 << 20)]
    [InlineData((4L << 30) - 1, 8 << 20)]
    [InlineData(4L << 30, 16 << 20)]
    [InlineData(11L << 30, 32 << 20)]
    [InlineData(16L << 30, 64 << 20)]
    [InlineData(100L << 40, 64 << 20)]
    public void Segments_are_a_256th_of_the_room_as_a_power_of_two_from_8_to_64_MiB(long roomBytes, int segmentBytes) =>
        Assert.Equal(segmentBytes, new BlockStoreOptions { Directory = "d" }.SegmentBytesFor(roomBytes));

    [Fact]
    public void A_size_that_was_asked_for_is_taken_and_none_is_larger_than_what_is_logged_between_checkpoints()
    {
        Assert.Equal(1 << 20, new BlockStoreOptions { Directory = "d", SegmentBytes = 1 << 20 }.SegmentBytesFor(1L << 40));
        Assert.Equal(16 << 20, new BlockStoreOptions { Directory = "d", CheckpointBytes = 20 << 20 }.SegmentBytesFor(1L << 40));
    }

    [Fact]
    public void A_capacity_below_four_of_the_smallest_segments_is_refused()
    {
        var mistake = Assert.Single(new BlockStoreOptions { Directory = "d", CapacityBytes = 31 << 20 }.Mistakes());
        Assert.Contains("at least four segments (33554432)", mistake, StringComparison.Ordinal);
        Assert.Empty(new BlockStoreOptions { Directory = "d", CapacityBytes = 32 << 20 }.Mistakes());
    }
}
