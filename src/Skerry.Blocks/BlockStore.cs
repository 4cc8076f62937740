using System.Collections.Concurrent;
using System.Security.Cryptography;
using Skerry.Blocks.Encryption;
using Skerry.Blocks.Integrity;
using Skerry.Blocks.Log;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks;

/// <summary>
/// Volumes in one directory: one log for all of them, and the maps that say where each block is in it. A directory is open in one
/// process at a time. Safe for concurrent use. Faults are <see cref="BlockException"/>.
/// </summary>
public sealed partial class BlockStore : IAsyncDisposable
{
    private const int MaxIdLength = 255;
    private readonly IBackingStorage _storage;
    private readonly StoreState _state;
    private readonly SegmentSupply _supply;
    private readonly Cleaner _cleaner;
    private readonly SegmentTable _segments;
    private readonly LogWriter _writer;
    private readonly Flusher _flusher;
    private readonly DurableMark _mark;
    private readonly StoreParts _parts;
    private readonly Checkpointer _checkpointer;
    private readonly ConcurrentDictionary<uint, BlockVolume> _volumes = new();
    private bool _dropsAtClose, _hasBackground;
    private int _disposed;

    private BlockStore(BlockStoreOptions options, IBackingStorage storage)
    {
        _storage = storage;
        var identity = StoreIdentity.Find(storage) ?? Create(options, storage);
        var crcs = new List<(Place Place, uint Crc)>();
        var checkpoint = Checkpoint.Load(storage, identity.StoreId, (place, crc) => crcs.Add((place, crc)));
        _state = new StoreState { NextOrdinal = checkpoint.NextOrdinal };
        foreach (var image in checkpoint.Volumes)
        {
            _state.Add(image.ToState());
        }

        var reserve = Math.Max(3, (int)((options.ReserveBytes + identity.SegmentBytes - 1) / identity.SegmentBytes));
        _supply = new SegmentSupply(storage, identity.SegmentBytes, (int)(options.CheckpointBytes / identity.SegmentBytes) + 2);
        _segments = new SegmentTable(storage, identity, _supply, options.CapacityBytes, reserve, options.ChecksumCacheBytes);
        _segments.Load(checkpoint);
        foreach (var (place, crc) in crcs)
        {
            _segments.Find(place.Segment)?.Sums.Set(place.Block, [crc]);
        }

        _mark = new DurableMark(OpenMark(storage), identity.StoreId);

        var end = new LogReplay(storage, _segments, _state, identity.StoreId, _mark.Read()).Replay(checkpoint);
        foreach (var segment in end.Touched)
        {
            segment.File.Sync();
        }

        foreach (var segment in end.Unused)
        {
            _segments.Places.Remove(segment.Id);
            _segments.Remove(segment);
        }

        // From here on all that was found counts as durable, and rot in it must not look like a torn end.
        _mark.Set(end.Sequence, end.Opening);
        _segments.RemoveAbandoned(checkpoint.Segment);

        foreach (var volume in _state.ByOrdinal.Values)
        {
            volume.DurableNumber = volume.LastNumber;
        }

        var keys = new StoreKeys(options.KeyHolder);
        keys.Unlock(_state.ByOrdinal.Values);
        var fault = new StoreFault(storage.Name);
        var opening = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;
        var position = new LogPosition(identity.StoreId, opening, end.Opening, end.Sequence);
        if (end.Segment is not null)
        {
            position.Open(end.Segment, end.Block);
        }

        var reader = new BlockReader(_segments);
        _flusher = new Flusher(_mark, fault, end.Sequence, opening);
        _writer = new LogWriter(_state, _segments, reader, _flusher, fault, position);
        _cleaner = new Cleaner(storage, _segments, _writer, options.TimeProvider);
        _parts = new StoreParts(
            _writer, reader, _flusher, fault, new RequestPool(), options.TimeProvider, keys, new Healing(_segments, reader, fault, options.TimeProvider), _cleaner);
        _checkpointer = new Checkpointer(storage, identity.StoreId, _state, _segments, _parts, checkpoint, options.CheckpointBytes);
    }

    /// <summary>What the store may use, has left, and occupies.</summary>
    public StoreSpace Space => _segments.Space(_cleaner.LatestMark, _cleaner.DeadBytes, _cleaner.IsExhausted);

    /// <summary>What was written since the store was opened.</summary>
    public StoreTraffic Traffic => new(_writer.UserBytes, _writer.Position.WrittenBlocks * Sizes.Block, _cleaner.CopiedBlocks * Sizes.Block);

    /// <summary>In no order.</summary>
    public IReadOnlyList<string> VolumeIds => [.. _state.ById.Keys];

    /// <summary>
    /// Opens the store in <see cref="BlockStoreOptions.Directory"/>, or makes it. After a crash it is what was last flushed, and of what
    /// was written after that a part from its start, in order.
    /// </summary>
    /// <exception cref="BlockException">
    /// <see cref="BlockError.Io"/> when the directory is unusable, <see cref="BlockError.Corrupt"/> when a file is damaged,
    /// <see cref="BlockError.Refused"/> when another has the store open, and for a newer format.
    /// </exception>
    public static async ValueTask<BlockStore> OpenAsync(BlockStoreOptions options, CancellationToken cancellationToken)
    {
        var mistakes = options.Mistakes();
        if (mistakes.Count > 0)
        {
            throw new BlockException(BlockError.OutOfRange, $"the block store cannot be opened: {string.Join("; ", mistakes)}");
        }

        return await Task.Run(() => Open(options, new DirectoryStorage(options.Directory)), cancellationToken);
    }

    /// <summary>The seam for tests: any storage, and checkpoints only when asked for.</summary>
    internal static BlockStore Open(BlockStoreOptions options, IBackingStorage storage, bool background = true)
    {
        try
        {
            var store = new BlockStore(options, storage);
            if (background)
            {
                store._supply.Start();
                store._checkpointer.Start();
                store._cleaner.Remark = saving => saving ? store._checkpointer.CheckpointAsync(reclaim: true) : store._checkpointer.MarkAsync();
                store._cleaner.SavedBlocks = () => store._checkpointer.SavedBlocks;
                store._cleaner.Start();
                store._hasBackground = true;
            }

            return store;
        }
        catch (IOException e)
        {
            storage.Dispose();
            throw new BlockException(BlockError.Io, $"the block store {storage.Name} cannot be opened: {e.Message}", e);
        }
        catch
        {
            storage.Dispose();
            throw;
        }
    }

    /// <summary>Makes an empty volume, durably.</summary>
    /// <param name="volumeId">1 to 255 characters.</param>
    /// <param name="sizeBytes">A multiple of 512. Space is taken as it is written.</param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    /// <exception cref="BlockException"><see cref="BlockError.Exists"/>, <see cref="BlockError.OutOfRange"/> or <see cref="BlockError.NoSpace"/>.</exception>
    public async ValueTask<BlockVolume> CreateAsync(string volumeId, long sizeBytes, CancellationToken cancellationToken)
    {
        RequireId(volumeId);
        StoreParts.RequireSize(sizeBytes);
        await ChangeAsync(
            () =>
            {
                RequireNew(volumeId);
                return new CreateVolume(_state.NextOrdinal, volumeId, sizeBytes);
            },
            null,
            cancellationToken);
        return VolumeOf(_state.Get(volumeId));
    }

    /// <summary>
    /// Makes an empty volume whose blocks are encrypted at rest with AES-256-GCM under this key. The key is stored wrapped for
    /// <see cref="BlockStoreOptions.KeyHolder"/>; copies of one disk, here or in other stores, may share it.
    /// </summary>
    /// <exception cref="BlockException">
    /// As without a key, and <see cref="BlockError.Locked"/> when the store has no key holder to wrap the key for.
    /// </exception>
    public async ValueTask<BlockVolume> CreateAsync(string volumeId, long sizeBytes, VolumeKey key, CancellationToken cancellationToken)
    {
        RequireId(volumeId);
        StoreParts.RequireSize(sizeBytes);
        var wrapped = _parts.Keys.Wrap(key, volumeId).Bytes.ToArray();
        await ChangeAsync(
            () =>
            {
                RequireNew(volumeId);
                return new CreateEncryptedVolume(_state.NextOrdinal, volumeId, sizeBytes, wrapped);
            },
            () => StoreKeys.Unlock(_state.Get(volumeId), new VolumeCipher(key)),
            cancellationToken);
        return VolumeOf(_state.Get(volumeId));
    }

    /// <summary>The same under a key that was wrapped for this store's <see cref="BlockStoreOptions.KeyHolder"/>.</summary>
    /// <exception cref="BlockException">As there, and <see cref="BlockError.Locked"/> when the key was not wrapped for that holder.</exception>
    public ValueTask<BlockVolume> CreateAsync(string volumeId, long sizeBytes, WrappedKey wrapped, CancellationToken cancellationToken) =>
        CreateAsync(volumeId, sizeBytes, _parts.Keys.Open(wrapped, volumeId), cancellationToken);

    /// <summary>
    /// The volume, which is the same object for everyone and belongs to the store. It takes writes once a run is begun; what is encrypted and
    /// <see cref="BlockVolume.IsLocked"/> can be managed, but neither read nor written.
    /// </summary>
    /// <exception cref="BlockException"><see cref="BlockError.NotFound"/>.</exception>
    public ValueTask<BlockVolume> OpenAsync(string volumeId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RequireOpen();
        return new(VolumeOf(_state.Get(volumeId)));
    }

    /// <summary>As <see cref="OpenAsync(string, CancellationToken)"/>; null when there is none of that name.</summary>
    public BlockVolume? Find(string volumeId) => _state.ById.TryGetValue(volumeId, out var volume) ? VolumeOf(volume) : null;

    /// <summary>
    /// Deletes a volume with its snapshots, durably; an open run ends, and whatever still uses the volume fails with
    /// <see cref="BlockError.Closed"/>. Clones keep what they share. Nothing happens when there is none of that name.
    /// </summary>
    public ValueTask DeleteAsync(string volumeId, CancellationToken cancellationToken)
    {
        VolumeState? deleted = null;
        var freedBlocks = 0L;
        return ChangeAsync(
            () =>
            {
                if (!_state.ById.TryGetValue(volumeId, out deleted))
                {
                    return null;
                }

                freedBlocks = deleted.Map.DataBlocks + deleted.Snapshots.Sum(snapshot => snapshot.Map.DataBlocks);
                return new DeleteVolume(deleted.Ordinal);
            },
            () =>
            {
                if (deleted is not null)
                {
                    _cleaner.Freed(freedBlocks * Sizes.Block);
                    deleted.RunOpen = false;
                    VolumeOf(deleted).EndTaps(TapEnd.Closed);
                    _volumes.TryRemove(deleted.Ordinal, out _);
                }
            },
            cancellationToken);
    }

    /// <summary>
    /// Makes a volume of another's head, or of its snapshot, in constant time and durably. It shares the blocks and continues the
    /// lineage, and the key when the source is encrypted; snapshots and properties stay with the source.
    /// </summary>
    /// <exception cref="BlockException">
    /// <see cref="BlockError.NotFound"/>, <see cref="BlockError.Exists"/>, or <see cref="BlockError.Refused"/> for a head whose catch-up is unfinished.
    /// </exception>
    public async ValueTask<BlockVolume> CloneAsync(string newVolumeId, string sourceVolumeId, string? sourceSnapshotId, CancellationToken cancellationToken)
    {
        RequireId(newVolumeId);
        await ChangeAsync(
            () =>
            {
                RequireNew(newVolumeId);
                var source = _state.Get(sourceVolumeId);
                if (sourceSnapshotId is not null && source.FindSnapshot(sourceSnapshotId) is null)
                {
                    throw new BlockException(BlockError.NotFound, $"volume '{sourceVolumeId}' has no snapshot '{sourceSnapshotId}'");
                }

                if (sourceSnapshotId is null && source.CatchingUp)
                {
                    throw new BlockException(BlockError.Refused, $"volume '{sourceVolumeId}' is in a catch-up; clone one of its snapshots");
                }

                return new CloneVolume(_state.NextOrdinal, newVolumeId, source.Ordinal, sourceSnapshotId);
            },
            null,
            cancellationToken);
        return VolumeOf(_state.Get(newVolumeId));
    }

    /// <summary>Ends all runs, makes everything durable and saves the maps, so that the next opening is quick.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        try
        {
            if (_hasBackground)
            {
                await _cleaner.StopAsync();
            }

            await _checkpointer.StopAsync();
            if (!_parts.Fault.IsSet && !_dropsAtClose)
            {
                await ChangeAsync(
                    () => null,
                    () =>
                    {
                        foreach (var volume in _state.ByOrdinal.Values)
                        {
                            volume.RunOpen = false;
                            VolumeOf(volume).EndTaps(TapEnd.Closed);
                        }
                    },
                    CancellationToken.None);
                await _checkpointer.CheckpointAsync(reclaim: false);
            }
        }
        finally
        {
            _writer.Close();
            await _supply.StopAsync();
            CloseFiles();
        }
    }

    /// <summary>Saves the maps and gives dead space back, now.</summary>
    internal ValueTask CheckpointAsync() => _checkpointer.CheckpointAsync(reclaim: true);

    /// <summary>Gives dead space back, now, without saving the maps.</summary>
    internal ValueTask MarkAsync() => _checkpointer.MarkAsync();

    /// <summary>Fills one pack with what is in use of files that are mostly dead. False when none is worth it.</summary>
    internal ValueTask<bool> CleanAsync(CancellationToken cancellationToken) =>
        _cleaner.CleanAsync(new CleaningPolicy(_segments.SegmentBytes, paced: false), cancellationToken);

    private static StoreIdentity Create(BlockStoreOptions options, IBackingStorage storage)
    {
        var (total, _) = storage.Space();
        var identity = StoreIdentity.New(options.SegmentBytesFor(options.CapacityBytes == 0 ? total : Math.Min(options.CapacityBytes, total)));

        // Left over from a making that did not finish: there is no store yet, so nobody was ever told of a write.
        foreach (var name in storage.List())
        {
            if (Segment.IdOf(name) is not null)
            {
                throw new BlockException(BlockError.Corrupt, $"{storage.Name} holds segments but no store file. Restore that file from a copy, or use another directory");
            }
        }

        // The first record goes on from an opening that bears the store's own identity.
        new Checkpoint(0, identity.StoreId, 0, 0, 1, 1, [], []).Save(storage, identity.StoreId, new MapFiles(storage, identity.StoreId, MapFilesMark.None));
        using (storage.Create(DurableMark.FileName, DurableMark.Bytes))
        {
            identity.Save(storage);
        }

        return identity;
    }

    private void CloseFiles()
    {
        _writer.Close();
        _flusher.Dispose();
        _mark.Dispose();
        _supply.Dispose();
        _parts.Healing.Dispose();
        _segments.Dispose();
        _storage.Dispose();
    }

    private static IBackingFile OpenMark(IBackingStorage storage) =>
        storage.List().Contains(DurableMark.FileName) ? storage.Open(DurableMark.FileName) : storage.Create(DurableMark.FileName, DurableMark.Bytes);

    private BlockVolume VolumeOf(VolumeState volume) => _volumes.GetOrAdd(volume.Ordinal, static (_, arg) => new BlockVolume(arg.volume, arg._parts), (volume, _parts));

    private void RequireOpen()
    {
        if (Volatile.Read(ref _disposed) != 0)
        {
            throw new BlockException(BlockError.Closed, $"the block store {_storage.Name} is closed");
        }
    }

    private static void RequireId(string volumeId)
    {
        if (volumeId.Length is 0 or > MaxIdLength)
        {
            throw new BlockException(BlockError.OutOfRange, $"a volume's name has 1 to {MaxIdLength} characters, not {volumeId.Length}");
        }
    }

    private void RequireNew(string volumeId)
    {
        if (_state.ById.ContainsKey(volumeId))
        {
            throw new BlockException(BlockError.Exists, $"there is a volume '{volumeId}' already");
        }
    }

    private async ValueTask ChangeAsync(Func<Change?> decide, Action? applied, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var request = new ChangeRequest(null, decide, applied, durable: true, mayUseReserve: true);
        var task = request.Task;
        _writer.Submit(request);
        await task;
    }
}
