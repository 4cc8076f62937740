namespace Skerry.Blocks.Maps;

/// <summary>
/// A change of a store that is not block data. It is decided once, logged in order with the data, and applied by the same code when
/// it happens and when the log is read again.
/// </summary>
/// <param name="Volume">The volume's number within the store; never used twice.</param>
internal abstract record Change(uint Volume);

internal sealed record CreateVolume(uint Volume, string Id, long SizeBytes) : Change(Volume);

/// <param name="WrappedKey">The volume's key as the store's own key opens it.</param>
internal sealed record CreateEncryptedVolume(uint Volume, string Id, long SizeBytes, byte[] WrappedKey) : Change(Volume);

/// <param name="SnapshotId">The source's snapshot, or null for its head.</param>
internal sealed record CloneVolume(uint Volume, string Id, uint Source, string? SnapshotId) : Change(Volume);

internal sealed record DeleteVolume(uint Volume) : Change(Volume);

internal sealed record BeginRun(uint Volume, RunStart Run) : Change(Volume);

internal sealed record Extend(uint Volume, long SizeBytes) : Change(Volume);

/// <param name="Value">Null removes the property.</param>
internal sealed record SetProperty(uint Volume, string Name, byte[]? Value) : Change(Volume);

internal sealed record CreateSnapshot(uint Volume, string Id, DateTimeOffset CreatedAt) : Change(Volume);

internal sealed record DeleteSnapshot(uint Volume, string Id) : Change(Volume);

internal sealed record Revert(uint Volume, string SnapshotId) : Change(Volume);

internal sealed record AdoptLineage(uint Volume, Lineage Lineage) : Change(Volume);
