using Skerry.State.Storage;

namespace Skerry.TestKit.State;

/// <summary>A store over another one that can be changed underneath its user, as when an older copy is put back. Is always worth a look.</summary>
public sealed class SwitchedStore(IStateStore below) : IStateStore
{
    public IStateStore Below { get; set; } = below;

    public string Name => Below.Name;

    public IAsyncEnumerable<byte[]> ReadCheckpointAsync(CancellationToken cancellationToken) => Below.ReadCheckpointAsync(cancellationToken);

    public ValueTask<StoreTail> ReadTailAsync(CancellationToken cancellationToken) => Below.ReadTailAsync(cancellationToken);

    public IAsyncEnumerable<StoreEntry> ReadAsync(long afterPosition, CancellationToken cancellationToken) => Below.ReadAsync(afterPosition, cancellationToken);

    public ValueTask<bool> AppendAsync(ulong expectedLastId, ulong id, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        Below.AppendAsync(expectedLastId, id, payload, cancellationToken);

    public ValueTask<bool> ReplaceAsync(
        ulong expectedLastId, ulong id, IEnumerable<ReadOnlyMemory<byte>> checkpoint, long keepFrom, CancellationToken cancellationToken) =>
        Below.ReplaceAsync(expectedLastId, id, checkpoint, keepFrom, cancellationToken);

    public ValueTask WaitForChangeAsync(ulong knownLastId, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
