namespace Skerry.Blocks.Log;

/// <summary>
/// Fills a pack with blocks out of other files. What is kept of a file mostly lies in many short stretches, so it is read with the
/// gaps between them and written together: a call for each stretch would cost more than the copy.
/// </summary>
/// <remarks>Checksums and seals are carried along as they are, and never made anew, so that what had rotted is still found out.</remarks>
internal sealed class PackWriter
{
    private const int SpanBlocks = 256, LongestGap = 15;
    private readonly byte[] _span = new byte[SpanBlocks * Sizes.Block];
    private readonly uint[] _spanCrcs = new uint[SpanBlocks];
    private readonly byte[] _gathered = new byte[SpanBlocks * Sizes.Block];
    private readonly uint[] _gatheredCrcs = new uint[SpanBlocks];
    private byte[] _seals = [];
    private Segment _pack = null!;
    private int _written, _waiting;
    private long _copiedBlocks;

    /// <summary>Where in the pack the next block will be.</summary>
    public int Next => _written + _waiting;

    /// <summary>Blocks written into packs so far.</summary>
    public long CopiedBlocks => Volatile.Read(ref _copiedBlocks);

    public void Begin(Segment pack) => (_pack, _written, _waiting) = (pack, 0, 0);

    /// <summary>Writes what was gathered and not written yet.</summary>
    public void End()
    {
        if (_waiting > 0)
        {
            _pack.File.Write((long)_written * Sizes.Block, _gathered.AsMemory(0, _waiting * Sizes.Block));
            _pack.Sums.Set(_written, _gatheredCrcs.AsSpan(0, _waiting));
            Interlocked.Add(ref _copiedBlocks, _waiting);
            (_written, _waiting) = (Next, 0);
        }
    }

    /// <summary>Takes kept blocks of a segment, from this one on, as far as one read goes; answers the next kept one, -1 after the last.</summary>
    public int Copy(Segment from, PlacedSegment placed, BlockSet kept, int block)
    {
        var first = PlaceOf(placed, block);
        var (end, last) = (block, first);
        for (var next = block; next >= 0; next = kept.Next(next + 1))
        {
            var at = PlaceOf(placed, next);
            if (at - first >= SpanBlocks || at - last > LongestGap + 1)
            {
                break;
            }

            (end, last) = (next, at);
        }

        var count = last - first + 1;
        from.File.Read((long)first * Sizes.Block, _span.AsSpan(0, count * Sizes.Block));
        from.Sums.Read(first, _spanCrcs.AsSpan(0, count));
        var sealedBlocks = from.Sums.HasSeals;
        if (sealedBlocks)
        {
            _seals = _seals.Length > 0 ? _seals : new byte[SpanBlocks * Sums.SealBytes];
            from.Sums.ReadSeals(first, _seals.AsSpan(0, count * Sums.SealBytes));
        }

        while (block >= 0 && block <= end)
        {
            var at = PlaceOf(placed, block) - first;
            if (_waiting == SpanBlocks)
            {
                End();
            }

            _span.AsSpan(at * Sizes.Block, Sizes.Block).CopyTo(_gathered.AsSpan(_waiting * Sizes.Block));
            _gatheredCrcs[_waiting] = _spanCrcs[at];
            if (sealedBlocks)
            {
                _pack.Sums.SetSeals(Next, _seals.AsSpan(at * Sums.SealBytes, Sums.SealBytes));
            }

            _waiting++;
            block = kept.Next(block + 1);
        }

        return block;
    }

    private static int PlaceOf(PlacedSegment placed, int block) => placed.Find(block) is var at and >= 0
        ? at
        : throw new BlockException(BlockError.Corrupt, $"block {block} of segment {placed.Id} is in use, yet {placed.FileName} does not hold it");
}
