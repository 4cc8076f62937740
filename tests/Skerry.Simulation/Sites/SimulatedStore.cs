using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Skerry.Simulation.Faults;
using Skerry.State.Storage;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.Sync;

namespace Skerry.Simulation.Sites;

/// <summary>
/// The store of one process on a simulated disk. A write takes time, and the process may die before it reached the disk and after.
/// What a dead process waits for never comes.
/// </summary>
/// <param name="disk">The site's.</param>
/// <param name="time">The simulation's.</param>
/// <param name="chance">How long writes take.</param>
/// <param name="longestDelay">Of a write, before it is on disk and again after.</param>
/// <param name="nextFault">Asked at each write: lost, unanswered, failed, or null for none.</param>
/// <param name="die">Ends the process.</param>
/// <param name="refused">Told of an append that found no room, before its writer is: the numbers in it are free again.</param>
internal sealed class SimulatedStore(
    SimulatedDisk disk, VirtualTime time, Chance chance, TimeSpan longestDelay, Func<FaultKind?> nextFault, Action<FaultKind> die,
    Action refused) : IStateStore
{
    private bool _isDead;

    public string Name => "simulated disk";

    public void Die() => _isDead = true;

    public async IAsyncEnumerable<byte[]> ReadCheckpointAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var part in disk.Content.Checkpoint)
        {
            yield return [.. part];
        }

        await ValueTask.CompletedTask;
    }

    public ValueTask<StoreTail> ReadTailAsync(CancellationToken cancellationToken) => new(disk.Content.Tail);

    public async IAsyncEnumerable<StoreEntry> ReadAsync(long afterPosition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var entry in disk.Content.Entries.Where(entry => entry.Position > afterPosition))
        {
            yield return entry with { Payload = [.. entry.Payload] };
        }

        await ValueTask.CompletedTask;
    }

    public ValueTask<bool> AppendAsync(ulong expectedLastId, ulong id, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var copy = payload.ToArray();
        return WriteAsync(content => content.Append(expectedLastId, id, copy), refused);
    }

    public ValueTask<bool> ReplaceAsync(
        ulong expectedLastId, ulong id, IEnumerable<ReadOnlyMemory<byte>> checkpoint, long keepFrom, CancellationToken cancellationToken)
    {
        ImmutableArray<byte[]> parts = [.. checkpoint.Select(part => part.ToArray())];
        return WriteAsync(content => content.Replace(expectedLastId, id, parts, keepFrom), () => { });
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask<bool> WriteAsync(Func<DiskContent, DiskContent?> write, Action whenFull)
    {
        await WaitAsync();
        if (disk.IsFull)
        {
            whenFull();
            throw new StateStoreException(StateStoreError.Full, $"The {Name} has no room.");
        }

        var fault = nextFault();
        var isLost = fault == FaultKind.LostWrite || (fault == FaultKind.FailedSync && chance.OneIn(2));
        var written = isLost ? null : write(disk.Content);
        disk.Content = written ?? disk.Content;
        if (fault is FaultKind.LostWrite or FaultKind.UnansweredWrite)
        {
            die(fault.Value);
        }

        await WaitAsync();
        return fault == FaultKind.FailedSync
            ? throw new StateStoreException(StateStoreError.Io, $"The {Name} failed to sync.")
            : written is not null;
    }

    private async ValueTask WaitAsync()
    {
        if (longestDelay > TimeSpan.Zero && !_isDead)
        {
            await time.Delay(longestDelay * chance.Source.NextDouble());
        }

        if (_isDead)
        {
            await new TaskCompletionSource().Task;
        }
    }
}
