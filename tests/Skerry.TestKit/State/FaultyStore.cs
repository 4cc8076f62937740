using Skerry.State.Storage;

namespace Skerry.TestKit.State;

/// <summary>How the next write to a <see cref="FaultyStore"/> ends.</summary>
public enum StoreFault
{
    None,

    /// <summary>No room: nothing is written, and the store says so.</summary>
    Full,

    /// <summary>The sync failed, and what was written is lost.</summary>
    SyncFailedAndLost,

    /// <summary>The sync failed, and what was written is there all the same.</summary>
    SyncFailedButKept,

    /// <summary>The server is not reached.</summary>
    Unreachable,

    /// <summary>The connection broke before the write arrived.</summary>
    UnansweredAndLost,

    /// <summary>The connection broke after the write, before its answer.</summary>
    UnansweredButKept,

    /// <summary>The process dies before the write: it never returns an answer that anyone sees.</summary>
    CrashBefore,

    /// <summary>The process dies after the write and before the answer.</summary>
    CrashAfter,
}

/// <summary>Thrown where the process would have died.</summary>
public sealed class SimulatedCrashException() : Exception("The process died here.");

/// <summary>A store over another one whose writes fail as told. The store below stands for the disk; disposing of this one leaves it alone.</summary>
public sealed class FaultyStore(IStateStore below) : IStateStore
{
    private bool _dead;

    /// <summary>Asked before each write.</summary>
    public Func<StoreFault> NextFault { get; set; } = () => StoreFault.None;

    /// <summary>Awaited before each write; lets a test hold a sync open.</summary>
    public Func<Task> BeforeWrite { get; set; } = () => Task.CompletedTask;

    /// <summary>Writes that reached the disk.</summary>
    public int Writes { get; private set; }

    public string Name => $"faulty {below.Name}";

    public IAsyncEnumerable<byte[]> ReadCheckpointAsync(CancellationToken cancellationToken) => below.ReadCheckpointAsync(cancellationToken);

    /// <summary>Every read, too, fails as a store that is not reached.</summary>
    public bool IsAway { get; set; }

    public ValueTask<StoreTail> ReadTailAsync(CancellationToken cancellationToken) =>
        IsAway ? throw new StateStoreException(StateStoreError.Unreachable, $"{Name} is not reached.") : below.ReadTailAsync(cancellationToken);

    public IAsyncEnumerable<StoreEntry> ReadAsync(long afterPosition, CancellationToken cancellationToken) => below.ReadAsync(afterPosition, cancellationToken);

    public ValueTask<bool> AppendAsync(ulong expectedLastId, ulong id, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        WriteAsync(() => below.AppendAsync(expectedLastId, id, payload, cancellationToken));

    public ValueTask<bool> ReplaceAsync(
        ulong expectedLastId, ulong id, IEnumerable<ReadOnlyMemory<byte>> checkpoint, long keepFrom, CancellationToken cancellationToken) =>
        WriteAsync(() => below.ReplaceAsync(expectedLastId, id, checkpoint, keepFrom, cancellationToken));

    public ValueTask WaitForChangeAsync(ulong knownLastId, CancellationToken cancellationToken) => below.WaitForChangeAsync(knownLastId, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask<bool> WriteAsync(Func<ValueTask<bool>> write)
    {
        if (_dead) throw new SimulatedCrashException();
        await BeforeWrite();
        var fault = IsAway ? StoreFault.Unreachable : NextFault();
        if (fault == StoreFault.Full) throw new StateStoreException(StateStoreError.Full, $"{Name} has no room.");
        if (fault == StoreFault.SyncFailedAndLost) throw new StateStoreException(StateStoreError.Io, $"{Name}: the sync failed.");
        if (fault == StoreFault.Unreachable) throw new StateStoreException(StateStoreError.Unreachable, $"{Name} is not reached.");
        if (fault == StoreFault.UnansweredAndLost) throw new StateStoreException(StateStoreError.Unanswered, $"{Name} did not answer.");
        _dead = fault is StoreFault.CrashBefore or StoreFault.CrashAfter;
        if (fault == StoreFault.CrashBefore) throw new SimulatedCrashException();
        var written = await write();
        Writes++;
        if (fault == StoreFault.CrashAfter) throw new SimulatedCrashException();
        if (fault == StoreFault.UnansweredButKept) throw new StateStoreException(StateStoreError.Unanswered, $"{Name} did not answer.");
        return fault == StoreFault.SyncFailedButKept ? throw new StateStoreException(StateStoreError.Io, $"{Name}: the sync failed.") : written;
    }
}
