namespace Skerry.State.Storage;

/// <summary>
/// Where a replica keeps its log: entries in one order, and a checkpoint that stands for all entries up to a position.
/// </summary>
/// <remarks>
/// <para>Positions count from 1 and never fall. Every entry and checkpoint has a random id; an append states the id that it believes
/// to be the last, so that of two daemons that share a store one appends and the other learns that it must read on.</para>
/// <para>When a task completes, what it wrote is on stable storage. Buffers belong to the caller and are not kept.</para>
/// <para>Faults are <see cref="StateStoreException"/>. One with <see cref="StateStoreException.NothingWritten"/> has certainly changed
/// nothing; after any other it is not known whether the last write is there. One that <see cref="StateStoreException.Passes"/> may be
/// followed by <see cref="ReadTailAsync"/> until that answers and tells; after any other the store must be opened again.</para>
/// <para>One call at a time, but for <see cref="WaitForChangeAsync"/>, which runs beside the others.</para>
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

    /// <summary>
    /// Completes when what was written last may no longer be <paramref name="knownLastId"/>, or when it is time to look; may complete
    /// for nothing. A store that only one daemon can have never completes it.
    /// </summary>
    ValueTask WaitForChangeAsync(ulong knownLastId, CancellationToken cancellationToken) =>
        new(Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken));
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

    /// <summary>The device failed; what was last written may or may not be there.</summary>
    Io,

    /// <summary>The server cannot be asked. Nothing was written.</summary>
    Unreachable,

    /// <summary>The connection broke before the answer came; what was last written may or may not be there.</summary>
    Unanswered,

    /// <summary>The server refuses, or is set so that it can lose what it acknowledges. Nothing was written.</summary>
    Refused,

    /// <summary>It was closed.</summary>
    Closed,
}

/// <summary>A fault of the store. The message names it, what is wrong and what to do.</summary>
public sealed class StateStoreException(StateStoreError error, string message, Exception? inner = null) : Exception(message, inner)
{
    public StateStoreError Error { get; } = error;

    /// <summary>True when the store is certainly as it was before the call.</summary>
    public bool NothingWritten => Error is StateStoreError.Full or StateStoreError.Locked or StateStoreError.Unreachable or StateStoreError.Refused;

    /// <summary>True when the same open store may work again later.</summary>
    public bool Passes => NothingWritten || Error is StateStoreError.Unanswered;
}
