namespace Skerry.Cli.Snapshot;

/// <summary>A range where two states of a volume differ; or a file that has blocks in such ranges.</summary>
internal sealed record SnapshotDifferenceRow(long? OffsetBytes, long LengthBytes, string? Path, long? Inode);
