using System.Runtime.CompilerServices;

namespace Skerry.State.Storage;

/// <summary>
/// A store in memory, for tests, simulations and tools. Several replicas may share one; disposing of it loses nothing, so the same
/// object is also the disk of a site that starts again. Completes every call at once.
/// </summary>
public sealed class MemoryStore : IStateStore
{
    private readonly Lock _lock = new();
    private readonly List<StoreEntry> _entries = [];
    private byte[][] _checkpoint = [];
    private StoreTail _tail;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name => "memory";

    /// <summary>Another store with what this one holds now, as a copy of a disk is.</summary>
    public MemoryStore Copy()
    {
        lock (_lock)
        {
            var copy = new MemoryStore { _checkpoint = _checkpoint, _tail = _tail };
            copy._entries.AddRange(_entries);
            return copy;
        }
    }

    public ValueTask<StoreTail> ReadTailAsync(CancellationToken cancellationToken)
    {
        lock (_lock) return new ValueTask<StoreTail>(_tail);
    }

    public async IAsyncEnumerable<byte[]> ReadCheckpointAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        byte[][] parts;
        lock (_lock) parts = _checkpoint;
        foreach (var part in parts) yield return [.. part];
        await ValueTask.CompletedTask;
    }

    public async IAsyncEnumerable<StoreEntry> ReadAsync(long afterPosition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        StoreEntry[] entries;
        lock (_lock) entries = [.. _entries.Where(entry => entry.Position > afterPosition)];
        foreach (var entry in entries) yield return entry with { Payload = [.. entry.Payload] };
        await ValueTask.CompletedTask;
    }

    public ValueTask<bool> AppendAsync(ulong expectedLastId, ulong id, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (_tail.LastId != expectedLastId) return new ValueTask<bool>(false);
            var position = _tail.Position + 1;
            _entries.Add(new StoreEntry(position, id, payload.ToArray()));
            SetTailLocked(_tail with { Position = position, LastId = id });
            return new ValueTask<bool>(true);
        }
    }

    public ValueTask<bool> ReplaceAsync(
        ulong expectedLastId, ulong id, IEnumerable<ReadOnlyMemory<byte>> checkpoint, long keepFrom, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        byte[][] parts = [.. checkpoint.Select(part => part.ToArray())];
        lock (_lock)
        {
            if (_tail.LastId != expectedLastId) return new ValueTask<bool>(false);
            _checkpoint = parts;
            _entries.RemoveAll(entry => entry.Position < keepFrom);
            SetTailLocked(_tail with { LastId = id, CheckpointPosition = _tail.Position, CheckpointId = id });
            return new ValueTask<bool>(true);
        }
    }

    public async ValueTask WaitForChangeAsync(ulong knownLastId, CancellationToken cancellationToken)
    {
        Task changed;
        lock (_lock)
        {
            if (_tail.LastId != knownLastId) return;
            changed = _changed.Task;
        }

        await changed.WaitAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void SetTailLocked(StoreTail tail)
    {
        _tail = tail;
        _changed.TrySetResult();
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
