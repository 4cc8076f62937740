namespace Skerry.Blocks.Integrity;

/// <summary>What a finding is about.</summary>
public enum FindingKind
{
    /// <summary>A file that says what the store is, or what it holds, cannot be used.</summary>
    Store,

    /// <summary>The log cannot be followed to its end, so the volumes cannot be told as they last were.</summary>
    Log,

    /// <summary>Stored bytes of a volume or a snapshot do not match their checksum, or cannot be read.</summary>
    Data,

    /// <summary>Something is not as it was written, though nothing needs it.</summary>
    Note,
}

/// <summary>One thing that a check found.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="VolumeId">Whose bytes; null when it is the store's.</param>
/// <param name="SnapshotId">Of which snapshot of that volume; null for its head.</param>
/// <param name="OffsetBytes">Where in the volume the range begins; null when it is not about a range.</param>
/// <param name="LengthBytes">How long the range is.</param>
/// <param name="File">The file at fault, by its name in the store's directory; null when that is not known.</param>
/// <param name="FileOffsetBytes">Where in that file.</param>
/// <param name="IsHealed">True when the range was bad and its content has been put back.</param>
/// <param name="Message">For people: what is wrong and what to do.</param>
public sealed record IntegrityFinding(
    FindingKind Kind, string? VolumeId, string? SnapshotId, long? OffsetBytes, long? LengthBytes, string? File, long? FileOffsetBytes,
    bool IsHealed, string Message)
{
    /// <summary>False for what nothing needs and for what was healed.</summary>
    public bool IsDamage => Kind != FindingKind.Note && !IsHealed;
}

/// <summary>Where stored bytes are bad: the range of the disk, and the place that should hold it.</summary>
/// <param name="OffsetBytes">Where in the disk the range begins.</param>
/// <param name="LengthBytes">How long it is; 0 when it is a record that may hold anything.</param>
/// <param name="File">The file's name in the store's directory; null when it is not known.</param>
/// <param name="FileOffsetBytes">Where in that file.</param>
public sealed record BlockDamage(long OffsetBytes, long LengthBytes, string? File, long FileOffsetBytes);

/// <summary>How far a check has come.</summary>
/// <param name="Step">What it is doing, in words.</param>
/// <param name="DoneBytes">Bytes read in this step.</param>
/// <param name="TotalBytes">Bytes that the step will read at most; 0 when that is not known.</param>
/// <param name="Findings">Found so far.</param>
public readonly record struct CheckProgress(string Step, long DoneBytes, long TotalBytes, int Findings);
