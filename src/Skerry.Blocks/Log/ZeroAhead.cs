namespace Skerry.Blocks.Log;

/// <summary>
/// Writes zeroes beyond the log's end for a load that syncs often. The first write to a block that is merely allocated makes its sync
/// take half as long again, since the file system has to note that it was written; so one sync pays for many.
/// </summary>
/// <remarks>
/// Only beyond the last record, where nothing is that anybody needs. Nothing relies on these zeroes either, so a failure to write them is
/// none of the log's.
/// </remarks>
internal sealed class ZeroAhead
{
    private const int Piece = (256 << 10) / Sizes.Block, LeastSyncs = 8;
    private static readonly byte[] Zeroes = new byte[Piece * Sizes.Block];
    private Segment? _segment;
    private int _looked;
    private long _syncs;

    /// <summary>The log is about to end at this block of the segment.</summary>
    /// <param name="segment">The log's last.</param>
    /// <param name="endBlock">Where the next record will begin.</param>
    /// <param name="syncs">How often the log was synced until now.</param>
    public void Reached(Segment segment, int endBlock, long syncs)
    {
        if (!segment.IsFresh || (segment == _segment && endBlock <= _looked))
        {
            return;
        }

        var often = syncs - _syncs >= LeastSyncs;
        (_segment, _looked, _syncs) = (segment, Math.Min(endBlock + Piece, segment.Blocks), syncs);
        if (!often || endBlock == _looked)
        {
            return;
        }

        try
        {
            segment.File.Write((long)endBlock * Sizes.Block, Zeroes.AsMemory(0, (_looked - endBlock) * Sizes.Block));
        }
        catch (IOException)
        {
            // The record's own write will tell.
        }
    }
}
