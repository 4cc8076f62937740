namespace Skerry.State.Storage;

/// <summary>
/// Where a replica keeps its log: entries in one order, and a checkpoint that stands for all entries up to a position.
/// </summary>
/// <remarks>
/// <para>Positions count from 1 and never fall. Every entry and checkpoint has a random id; an append states the id that it believes
/// to be the last, so that of two daemons that share a store one appends and the other learns that it must read on.</para>
/// <para>When a task completes, what it wrote is on stable storage. Buffers belong to the caller and are not kept.</para>
/// <para>Faults are <see cref="StateStoreException"/>. One with <see cref="StateStoreException.NothingWritten"/> has certainly changed
/// nothing; after any other it is not known whether the last write is there, and the store must be opened again to know.</para>
/// <para>One call at a time.</para>
/// </remarks>
public interface IStateStore : IAsyncDisposable
{
    /// <summary>What to call it in messages: the file or address, without secrets.</summary>
    string Name { get; }

    /// <summary>Reads the checkpoint's parts in order. Empty when there is none.</summary>
    IAsyncEnumerable<byte[]> ReadCheckpointAsync(CancellationToken cancellationToken);

    /// <summary>Where the log stands.</summary>
    ValueTask<StoreTail> ReadTailAsync(CancellationToken cancellationToken);

    /// <summary>Reads the kept entries above the position in order; also the tail that another daemon appended.</summary>
    IAsyncEnumerable<StoreEntry> ReadAsync(long afterPosition, CancellationToken cancellationToken);

    /// <summary>Appends one entry. False, and nothing done, when the last id is not the expected one.</summary>
    ValueTask<bool> AppendAsync(ulong expectedLastId, ulong id, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken);

    /// <summary>
    /// Puts a checkpoint in the place of everything up to the last position, and drops entries below <paramref name="keepFrom"/>, in
    /// one step. The kept ones serve peers. False, and nothing done, when the last id is not the expected one.
    /// </summary>
    ValueTask<bool> ReplaceAsync(
        ulong expectedLastId, ulong id, IEnumerable<ReadOnlyMemory<byte>> checkpoint, long keepFrom, CancellationToken cancellationToken);
}

/// <summary>Where a log stands.</summary>
/// <param name="Position">Of the last entry; 0 for none.</param>
/// <param name="LastId">Of what was written last, entry or checkpoint; 0 for nothing.</param>
/// <param name="CheckpointPosition">The entries up to here are in the checkpoint.</param>
/// <param name="CheckpointId">0 for none.</param>
public readonly record struct StoreTail(long Position, ulong LastId, long CheckpointPosition, ulong CheckpointId);

/// <summary>One entry of the log.</summary>
public readonly record struct StoreEntry(long Position, ulong Id, byte[] Payload);

/// <summary>Why a store failed.</summary>
public enum StateStoreError
{
    /// <summary>No room. Nothing was written; it works again when there is room.</summary>
    Full,

    /// <summary>Another program has it open.</summary>
    Locked,

    /// <summary>It is not what was written.</summary>
    Corrupt,

    /// <summary>It belongs to another site, or is of a version that is too new.</summary>
    Foreign,

    /// <summary>The device or connection failed; what was last written may or may not be there.</summary>
    Io,

    /// <summary>It was closed.</summary>
    Closed,
}

/// <summary>A fault of the store. The message names it, what is wrong and what to do.</summary>
public sealed class StateStoreException(StateStoreError error, string message, Exception? inner = null) : Exception(message, inner)
{
    public StateStoreError Error { get; } = error;

    /// <summary>True when the store is certainly as it was before the call.</summary>
    public bool NothingWritten => Error is StateStoreError.Full or StateStoreError.Locked;
}
