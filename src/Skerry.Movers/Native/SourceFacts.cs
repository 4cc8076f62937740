using Skerry.Blocks;
using Skerry.Domain.Replication;

namespace Skerry.Movers.Native;

/// <summary>What a source session knows of itself, for reports. Each member is replaced whole by the session and read by anyone.</summary>
internal sealed class SourceFacts
{
    public Standing Now { get; set; } = new(ReplicationWords.Waiting, "Connecting to the replica's site.", null, false);

    /// <summary>The state that the replica said it is in; null before it said so.</summary>
    public Lineage? Replica { get; set; }

    /// <summary>The last number that the replica called durable.</summary>
    public Numbered? Durable { get; set; }

    public TransferMeter? Transfer { get; set; }

    public TransferStatus? LastTransfer { get; set; }

    public StreamWindow? Window { get; set; }

    public WriteTap? Tap { get; set; }

    public GroupStream Group { get; } = new();

    /// <summary>When the replica last had everything.</summary>
    public Moment? LastSync { get; set; }

    public Moment? CompletedRun { get; set; }

    internal sealed record Standing(string State, string? Reason, string? NextStep, bool IsConnected);

    internal sealed record Numbered(long Number);

    internal sealed record Moment(DateTimeOffset At);
}
