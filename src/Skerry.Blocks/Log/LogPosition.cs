namespace Skerry.Blocks.Log;

/// <summary>Where the log ends. Changed by the log's writer alone.</summary>
internal sealed class LogPosition(ulong storeId, ulong opening, ulong priorOpening, long sequence)
{
    public ulong StoreId { get; } = storeId;

    /// <summary>Random identity of this opening of the store.</summary>
    public ulong Opening { get; } = opening;

    /// <summary>The opening before, until this one has written its first record.</summary>
    public ulong PriorOpening { get; private set; } = priorOpening;

    /// <summary>The opening that wrote the last record.</summary>
    public ulong LastOpening => PriorOpening != 0 ? PriorOpening : Opening;

    /// <summary>The last record's number.</summary>
    public long Sequence { get; private set; } = sequence;

    public Segment? Active { get; private set; }

    public int NextBlock { get; private set; }

    /// <summary>Blocks written by this opening, to pace checkpoints.</summary>
    public long WrittenBlocks { get; private set; }

    public void Open(Segment segment, int nextBlock = 0) => (Active, NextBlock) = (segment, nextBlock);

    public void Advance(int blocks)
    {
        NextBlock += blocks;
        WrittenBlocks += blocks;
        Sequence++;
        PriorOpening = 0;
    }
}
