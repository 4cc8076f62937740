namespace Skerry.Domain.Volumes;

/// <summary>Parameters of <c>volume.extend</c>.</summary>
internal sealed record SizeParameters(long SizeGib);

/// <summary>Parameters of <c>volume.reset_status</c> and <c>snapshot.reset_status</c>.</summary>
internal sealed record StatusParameters(string Status);

/// <summary>Parameters of <c>volume.revert</c>.</summary>
internal sealed record SnapshotParameters(string SnapshotId);

/// <summary>Parameters of <c>volume.delete</c>.</summary>
/// <param name="Cascade">Its snapshots too.</param>
/// <param name="GenerationId">The generation that was current when it was asked: under another one the volume lives on elsewhere. Null from older sites.</param>
internal sealed record DeleteParameters(bool Cascade, string? GenerationId = null);
