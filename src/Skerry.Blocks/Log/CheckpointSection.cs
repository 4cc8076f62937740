namespace Skerry.Blocks.Log;

/// <summary>A part of a checkpoint that is another concern's: bytes under a name.</summary>
/// <param name="Name">Never given a new meaning.</param>
/// <param name="Bytes">Asked once, when the checkpoint is saved, beside the writer; so it must not look at what the writer changes.</param>
internal sealed record CheckpointSection(string Name, Func<byte[]> Bytes);
