using System.Security.Cryptography;
using Skerry.Blocks.Log;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks;

/// <summary>
/// One volume of a store. There is one object for each volume, owned by the store: whoever opens it shares it, and nobody needs to
/// dispose it. It takes writes of its own only while a run is open, and follows a primary only while none is.
/// </summary>
/// <remarks>
/// Safe for concurrent use. Changes other than writes (runs, snapshots, properties, size, lineage) are durable when their task
/// completes, and a crash leaves each wholly done or not done at all, in the order in which they were made among the writes.
/// </remarks>
public sealed partial class BlockVolume : IBatchingDevice, IPacedDevice, IAsyncDisposable
{
    /// <summary>The most bytes that a property may hold.</summary>
    public const int MaxPropertyBytes = 64 << 10;

    private const int MaxNameLength = 255;
    private readonly VolumeState _state;
    private readonly StoreParts _parts;
    private readonly string _name;

    internal BlockVolume(VolumeState state, StoreParts parts)
    {
        (_state, _parts, _name) = (state, parts, state.Label);
    }

    public string Id => _state.Id;

    public long SizeBytes => _state.SizeBytes;

    /// <summary>True while no run is open.</summary>
    public bool IsReadOnly => !_state.RunOpen;

    /// <summary>The history of the volume's writes up to the last one acknowledged.</summary>
    public Lineage Lineage => _state.Lineage;

    /// <summary>The last write known to be on stable storage here.</summary>
    public long DurableNumber => _state.DurableNumber;

    /// <summary>Bytes that the head has stored. Snapshots and clones may share them.</summary>
    public long AllocatedBytes => _state.Map.DataBlocks * Sizes.Block;

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<SnapshotInfo> Snapshots => [.. _state.Snapshots.Select(snapshot => snapshot.Info)];

    /// <summary>
    /// Makes the volume writable as a new run, durably. Numbers continue from the last write that it has.
    /// </summary>
    /// <param name="generation">Not below that of the last run.</param>
    /// <exception cref="BlockException">
    /// <see cref="BlockError.Refused"/> when a run is open, a catch-up is unfinished, or the generation is too low;
    /// <see cref="BlockError.Locked"/>.
    /// </exception>
    public async ValueTask<RunStart> BeginRunAsync(long generation, CancellationToken cancellationToken)
    {
        var runId = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        var run = default(RunStart);
        await ChangeAsync(
            () =>
            {
                RequireFollowable();
                RequireKey();
                if (_state.LastRun is { } last && generation < last.Generation)
                {
                    throw Refused($"its last run has generation {last.Generation}, which is above {generation}; promote it to a higher one");
                }

                run = new RunStart(generation, runId, _state.LastNumber + 1);
                return new BeginRun(_state.Ordinal, run);
            },
            () => _state.RunOpen = true,
            cancellationToken);
        return run;
    }

    /// <summary>
    /// Ends the run: no write is acknowledged after this returns, and all that were are durable. Writes that wait finish, or fail with
    /// <see cref="BlockError.Closed"/>. Nothing happens when no run is open.
    /// </summary>
    public ValueTask EndRunAsync(CancellationToken cancellationToken) => ChangeAsync(() => null, () => _state.RunOpen = false, cancellationToken);

    /// <summary>Makes the disk larger, durably; what is new reads as zeroes. To its present size is no change; smaller is refused.</summary>
    /// <param name="newSizeBytes">A multiple of 512.</param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    public ValueTask ExtendAsync(long newSizeBytes, CancellationToken cancellationToken) => ChangeAsync(
        () =>
        {
            RequireThere();
            StoreParts.RequireSize(newSizeBytes);
            return newSizeBytes < SizeBytes ? throw Refused($"it has {SizeBytes} bytes and cannot shrink to {newSizeBytes}")
                : newSizeBytes == SizeBytes ? null
                : new Extend(_state.Ordinal, newSizeBytes);
        },
        null,
        cancellationToken);

    /// <summary>Keeps a small named value with the volume, of at most <see cref="MaxPropertyBytes"/>. Clones do not take properties over.</summary>
    public ValueTask SetPropertyAsync(string name, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        RequireProperty(name);
        if (value.Length > MaxPropertyBytes)
        {
            throw new BlockException(BlockError.OutOfRange, $"{_name}: property '{name}' has {value.Length} bytes; the most is {MaxPropertyBytes}");
        }

        return ChangeAsync(() => new SetProperty(_state.Ordinal, name, value.ToArray()), null, cancellationToken);
    }

    /// <summary>Null when there is none of that name.</summary>
    public ReadOnlyMemory<byte>? GetProperty(string name) => _state.Properties.TryGetValue(name, out var value) ? value : default(ReadOnlyMemory<byte>?);

    /// <summary>Nothing happens when there is none of that name.</summary>
    public ValueTask RemovePropertyAsync(string name, CancellationToken cancellationToken)
    {
        RequireProperty(name);
        return ChangeAsync(
            () => _state.Properties.ContainsKey(name) ? new SetProperty(_state.Ordinal, name, null) : null, null, cancellationToken);
    }

    /// <summary>Ends the run, if one is open. The volume itself stays usable for as long as its store is open.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_state.RunOpen && !_state.Deleted)
        {
            await EndRunAsync(CancellationToken.None);
        }
    }

    internal VolumeState State => _state;

    internal LogWriter Writer => _parts.Writer;

    private int MaxWriteBytes => _parts.Writer.MaxWriteBlocks * Sizes.Block;

    private static async ValueTask AllAsync(IReadOnlyList<ValueTask> tasks)
    {
        Exception? first = null;
        foreach (var task in tasks)
        {
            try
            {
                await task;
            }
            catch (BlockException e)
            {
                first ??= e;
            }
        }

        if (first is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
    }

    private BlockException Refused(string why) => new(BlockError.Refused, $"{_name}: {why}");

    private void RequireThere()
    {
        if (_state.Deleted)
        {
            throw new BlockException(BlockError.Closed, $"{_name} was deleted");
        }
    }

    private void RequireNoRun()
    {
        if (_state.RunOpen)
        {
            throw Refused("it is open for writing; end the run first");
        }
    }

    private void RequireFollowable()
    {
        RequireThere();
        RequireNoRun();
        RequireWhole();
    }

    private void RequireWhole()
    {
        if (_state.CatchingUp)
        {
            throw Refused("a catch-up is unfinished; finish it, or revert to a snapshot");
        }
    }

    private void RequireProperty(string name)
    {
        RequireName(name);
        if (name == VolumeState.KeyProperty)
        {
            throw Refused($"property '{name}' is the store's own");
        }
    }

    private void RequireName(string name)
    {
        if (name.Length is 0 or > MaxNameLength)
        {
            throw new BlockException(BlockError.OutOfRange, $"{_name}: a name has 1 to {MaxNameLength} characters, not {name.Length}");
        }
    }

    private WriteRequest NewRequest(long offsetBytes, long lengthBytes, ReadOnlyMemory<byte> data, WriteKind kind, Place zeroes, bool wholeEnd)
    {
        var request = _parts.Requests.RentWrite();
        request.Prepare(_state, offsetBytes, lengthBytes, data, kind, zeroes, wholeEnd);
        return request;
    }

    private ValueTask SubmitAsync(WriteRequest request, WriteOptions options = WriteOptions.None)
    {
        if (request.PieceCount == 0 && !request.HasEdges)
        {
            // A trim of less than a block, or an empty write: nothing changes, and no number is spent.
            var flush = request.ForceUnitAccess;
            request.Discard();
            return flush ? FlushAsync(CancellationToken.None) : ValueTask.CompletedTask;
        }

        var task = request.Task;
        _parts.Writer.Enqueue(request);
        if ((options & WriteOptions.MoreFollows) == 0)
        {
            _parts.Writer.CarryOut();
        }

        return task;
    }

    private ValueTask ChangeAsync(Func<Change?> decide, Action? applied, CancellationToken cancellationToken) =>
        SubmitAsync(new ChangeRequest(_state, decide, applied, durable: true, mayUseReserve: true), cancellationToken);

    private async ValueTask SubmitAsync(ChangeRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var task = request.Task;
        _parts.Writer.Submit(request);
        await task;
    }
}
