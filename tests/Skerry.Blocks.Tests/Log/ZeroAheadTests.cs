using Skerry.Blocks.Log;

namespace Skerry.Blocks.Tests.Log;

public sealed class ZeroAheadTests : IDisposable
{
    private const int Blocks = 1024, RecordBlocks = 2;
    private const byte Unwritten = 0x55, Record = 0x11;
    private readonly FaultyStorage _storage = new();
    private readonly IBackingFile _file;
    private readonly ZeroAhead _zeroes = new();

    public ZeroAheadTests()
    {
        _file = _storage.Create("file", Blocks * Sizes.Block);
        _file.Write(0, Filled(Unwritten, Blocks));
    }

    [Theory]
    [InlineData(1, true, true)]
    [InlineData(1000, true, false)]
    [InlineData(1, false, false)]
    public void Records_of_a_load_that_syncs_often_are_written_over_zeroes_and_zeroes_over_none(int recordsForSync, bool isFresh, bool ahead)
    {
        using var segment = SegmentOf(isFresh);
        var overZeroes = 0;
        for (var records = 0; records < Blocks / RecordBlocks; records++)
        {
            var (first, end) = (records * RecordBlocks, (records + 1) * RecordBlocks);
            overZeroes += First(first) == 0 ? 1 : 0;
            _zeroes.Reached(segment, end, records / recordsForSync);
            _file.Write(first * Sizes.Block, Filled(Record, RecordBlocks));
        }

        Assert.Equal(ahead ? Blocks / RecordBlocks * 0.85 : 0, overZeroes, ahead ? Blocks / RecordBlocks * 0.1 : 0);
        Assert.All(Enumerable.Range(0, Blocks), block => Assert.Equal(Record, First(block)));
    }

    public void Dispose() => _storage.Dispose();

    private Segment SegmentOf(bool isFresh) =>
        new(1, isPack: false, _file, Blocks, new Sums(_storage, new SumsCache(1 << 20), 1, 1, _file, Blocks, stored: false)) { IsFresh = isFresh };

    private byte First(int block)
    {
        var read = new byte[1];
        _file.Read((long)block * Sizes.Block, read);
        return read[0];
    }

    private static byte[] Filled(byte with, int blocks)
    {
        var bytes = new byte[blocks * Sizes.Block];
        Array.Fill(bytes, with);
        return bytes;
    }
}
