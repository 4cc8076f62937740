using Skerry.Blocks;
using Skerry.Domain.Replication;

namespace Skerry.Movers.Native;

/// <summary>What a source session knows of itself, for reports. Each member is replaced whole by the session and read by anyone.</summary>
internal sealed class SourceFacts
{
    private const int MostEnded = 16;

    public Standing Now { get; set; } = new(ReplicationWords.Waiting, "Connecting to the replica's site.", null, false);

    /// <summary>The state that the replica said it is in; null before it said so.</summary>
    public Lineage? Replica { get; set; }

    /// <summary>The last number that the replica called durable.</summary>
    public Numbered? Durable { get; set; }

    public TransferMeter? Transfer { get; set; }

    public TransferStatus? LastTransfer { get; private set; }

    /// <summary>The last few transfers that ended, well or not, oldest first.</summary>
    public IReadOnlyList<EndedTransfer> Ended { get; private set; } = [];

    /// <summary>How retries stand; null while all goes well. Set last of what an attempt leaves: whoever sees it sees the rest.</summary>
    public RetryStatus? Retry { get; set; }

    public StreamWindow? Window { get; set; }

    public WriteTap? Tap { get; set; }

    public GroupStream Group { get; } = new();

    /// <summary>When the replica last had everything.</summary>
    public Moment? LastSync { get; set; }

    public Moment? CompletedRun { get; set; }

    /// <summary>The transfer was completed.</summary>
    public void Completed(TransferStatus transfer)
    {
        LastTransfer = transfer;
        Add(new EndedTransfer(transfer, null));
    }

    /// <summary>The transfer was cut; the next one may go on from where it was.</summary>
    public void Failed(TransferStatus transfer, string reason) => Add(new EndedTransfer(transfer, reason));

    private void Add(EndedTransfer ended) => Ended = [.. Ended.TakeLast(MostEnded - 1), ended];

    internal sealed record Standing(string State, string? Reason, string? NextStep, bool IsConnected)
    {
        /// <summary>Of a standing after a failed attempt.</summary>
        public TroubleClass Trouble { get; init; } = TroubleClass.Fault;
    }

    /// <summary>What the replica's clock showed, and when that was heard; null before it told.</summary>
    public PeerClock? Clock { get; set; }

    internal sealed record Numbered(long Number);

    /// <param name="At">By the replica's clock.</param>
    /// <param name="HeardAt">By the source's.</param>
    internal sealed record PeerClock(DateTimeOffset At, DateTimeOffset HeardAt)
    {
        /// <summary>A moment of this site's clock by the replica's, or earlier by what the word was on its way.</summary>
        public DateTimeOffset There(DateTimeOffset here) => At + (here - HeardAt);
    }

    internal sealed record Moment(DateTimeOffset At);
}
