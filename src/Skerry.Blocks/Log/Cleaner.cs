namespace Skerry.Blocks.Log;

/// <summary>
/// Keeps dead space in bounds: copies what is in use out of files that are mostly dead into a pack, and frees those files. It changes
/// no map, since places lead through the table, and costs nothing for each snapshot.
/// </summary>
/// <remarks>
/// The order: the pack and its checksums are durable before the change that names it is logged; that change is durable before a file
/// that it empties is given up. A pack is written once, whole. Checksums are carried along and never made anew, so that what had
/// rotted is still found out.
/// </remarks>
internal sealed class Cleaner
{
    /// <summary>What was given up is looked for once it may be so large a part of what is stored.</summary>
    private const int FreedShare = 64;

    /// <summary>More is often given up right after: one look serves for all of it.</summary>
    private static readonly TimeSpan FreedPause = TimeSpan.FromSeconds(1);

    private readonly IBackingStorage _storage;
    private readonly SegmentTable _segments;
    private readonly LogWriter _writer;
    private readonly CleaningPolicy _policy;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly SemaphoreSlim _filling = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly PackWriter _packWriter = new();
    private readonly TimeProvider _time;
    private Task _loop = Task.CompletedTask;
    private Mark? _mark;
    private long _fullSequence = -1;
    private long _deadBytes;
    private long _freedBytes, _promisedBytes;
    private int _isDue, _isFreed;

    public Cleaner(IBackingStorage storage, SegmentTable segments, LogWriter writer, TimeProvider time)
    {
        (_storage, _segments, _writer, _time) = (storage, segments, writer, time);
        _policy = new CleaningPolicy(segments.SegmentBytes);
    }

    /// <summary>Blocks copied into packs by this opening.</summary>
    public long CopiedBlocks => _packWriter.CopiedBlocks;

    /// <summary>Null before the first.</summary>
    public Mark? LatestMark => Volatile.Read(ref _mark);

    /// <summary>What cleaning could give back, as far as known.</summary>
    public long DeadBytes => Volatile.Read(ref _deadBytes) + Volatile.Read(ref _promisedBytes);

    /// <summary>True when it found that there is nothing more to give back, and nothing was logged since.</summary>
    public bool IsExhausted => _writer.Position.Sequence == Volatile.Read(ref _fullSequence);

    /// <summary>Makes a new mark: with it, more may be found dead. With the maps saved, or else without.</summary>
    public Func<bool, ValueTask> Remark { get; set; } = _ => ValueTask.CompletedTask;

    /// <summary>Blocks that had been written when the saved maps were captured.</summary>
    public Func<long> SavedBlocks { get; set; } = () => 0;

    public void Start()
    {
        _writer.RoomTaken = Wake;
        _writer.MayWait = MayWait;
        _loop = Task.Run(RunAsync);
    }

    public async ValueTask StopAsync()
    {
        _writer.RoomTaken = null;
        _writer.MayWait = null;
        await _stop.CancelAsync();
        await _loop;
        _writer.Resume();
        _stop.Dispose();
    }

    /// <summary>
    /// So much at most has been given up, by a delete or a trim that is in the log's queue or in the log: space that nobody writes over,
    /// and that would otherwise count as in use until somebody writes.
    /// </summary>
    public void Freed(long bytes)
    {
        if (bytes > 0 && Interlocked.Add(ref _freedBytes, bytes) >= Math.Max(_segments.SegmentBytes, _segments.AllocatedBytes / FreedShare)
            && Interlocked.Exchange(ref _isFreed, 1) == 0)
        {
            Wake();
        }
    }

    /// <summary>The latest knowledge of what is in use.</summary>
    public void Marked(Mark mark)
    {
        Volatile.Write(ref _mark, mark);
        Survey(mark);
        Wake();
    }

    /// <summary>Fills one pack. False when nothing is worth it, or there is no room to begin.</summary>
    /// <param name="policy">Which files to take, and how fast.</param>
    /// <param name="cancellationToken">Ends it between two steps; nothing is half done then.</param>
    public async ValueTask<bool> CleanAsync(CleaningPolicy policy, CancellationToken cancellationToken) =>
        await FillAsync(policy, cancellationToken) is { } filled && await PutInPlaceAsync(filled);

    private void Survey(Mark mark)
    {
        lock (_segments.Reclaiming)
        {
            Volatile.Write(ref _deadBytes, Sweeper.Uses(_segments, mark).Sum(use => (long)use.DeadBlocks) * Sizes.Block);
        }
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _isDue, 1) == 0)
        {
            _wake.Release();
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await _wake.WaitAsync(_stop.Token);
                Volatile.Write(ref _isDue, 0);
                if (Volatile.Read(ref _isFreed) != 0 && await _wake.WaitAsync(FreedPause, _stop.Token))
                {
                    Volatile.Write(ref _isDue, 0);
                }

                try
                {
                    await CleanWhileDueAsync();
                }
                catch (Exception e) when (e is BlockException or IOException)
                {
                    // The store has failed, which whoever writes is told; or there was no room even for this.
                    Volatile.Write(ref _fullSequence, _writer.Position.Sequence);
                    _writer.Resume();
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>The log writer's: room may still be made, unless it was found that there is none, and nothing was logged since.</summary>
    private bool MayWait()
    {
        Wake();
        return !IsExhausted;
    }

    /// <summary>
    /// While one pack is made durable and named, the next is filled; while a new mark is made, the old one serves. Each waits for the disk,
    /// and together they would make the cleaner slower than the writes that wait for it.
    /// </summary>
    private async Task CleanWhileDueAsync()
    {
        if (Interlocked.Exchange(ref _isFreed, 0) != 0)
        {
            Volatile.Write(ref _freedBytes, 0);
            await RemarkAsync(saving: true);
        }

        Task<bool>? placing = null;
        Task? marking = null;
        try
        {
            while (_policy.IsShort(_segments, Volatile.Read(ref _promisedBytes)) || _policy.IsDue(_segments, Volatile.Read(ref _mark)))
            {
                if (marking is { IsCompleted: true })
                {
                    await Taken(ref marking);
                }

                if (marking is null && _policy.IsStale(_segments, Volatile.Read(ref _mark), _writer.Position.WrittenBlocks))
                {
                    var saving = _policy.HoldsMuchBack(_segments, Volatile.Read(ref _mark), _writer.Position.WrittenBlocks - SavedBlocks());
                    marking = Task.Run(() => RemarkAsync(saving), CancellationToken.None);
                }

                var filled = await FillAsync(_policy, _stop.Token);
                var before = placing;
                placing = filled is null ? null : Task.Run(() => PutInPlaceAsync(filled), CancellationToken.None);
                var isPlaced = before is null ? (bool?)null : await before;
                if (isPlaced == true)
                {
                    ResumeIfRoom();
                }

                if (isPlaced ?? filled is not null)
                {
                    continue;
                }

                if (placing is not null && await Taken(ref placing))
                {
                    ResumeIfRoom();
                    continue;
                }

                if (marking is not null)
                {
                    var known = Volatile.Read(ref _mark);
                    await Taken(ref marking);
                    if (!ReferenceEquals(known, Volatile.Read(ref _mark)))
                    {
                        continue;
                    }

                    // Nothing new was found, as where no maps were ever saved and the disk has no room for them: looking again will not help.
                }

                if (_segments.HasRoomForData)
                {
                    // As good as it can be for now.
                    break;
                }

                // Before giving up: what died since the mark may be just what is missing.
                var sequence = _writer.Position.Sequence;
                await RemarkAsync(saving: true);
                if (!_segments.HasRoomForData && !await CleanAsync(_policy, _stop.Token))
                {
                    Volatile.Write(ref _fullSequence, sequence);
                    break;
                }
            }

            await (placing is null ? Task.CompletedTask : Taken(ref placing));
            await (marking is null ? Task.CompletedTask : Taken(ref marking));
        }
        finally
        {
            // Only after a failure, which is reported already: neither may outlive the loop.
            await Task.WhenAll(placing ?? Task.CompletedTask, marking ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _writer.Resume();
    }

    private static TTask Taken<TTask>(ref TTask? task)
        where TTask : Task
    {
        var taken = task!;
        task = null;
        return taken;
    }

    /// <summary>Not before: what is left of the log's last segment is for changes, and for the cleaner to name its packs.</summary>
    private void ResumeIfRoom()
    {
        if (_segments.HasRoomForData)
        {
            _writer.Resume();
        }
    }

    private async Task RemarkAsync(bool saving)
    {
        _stop.Token.ThrowIfCancellationRequested();
        try
        {
            await Remark(saving);
        }
        catch (BlockException) when (saving)
        {
            // The disk itself may be full, and the maps have no room. What the saved ones allow may be enough to make some.
            await Remark(false);
        }
    }

    /// <summary>Copies what is in use of some files into a pack. Null when nothing is worth it, or there is no room to begin.</summary>
    private async ValueTask<FilledPack?> FillAsync(CleaningPolicy policy, CancellationToken cancellationToken)
    {
        await _filling.WaitAsync(cancellationToken);
        try
        {
            if (Volatile.Read(ref _mark) is not { } mark || Begin(mark, policy) is not var (victims, pack))
            {
                return null;
            }

            try
            {
                return new FilledPack(mark, victims, pack, await CopyAsync(victims, pack, mark, policy, cancellationToken));
            }
            catch
            {
                End(victims, pack, abandoned: true);
                throw;
            }
        }
        finally
        {
            _filling.Release();
        }
    }

    /// <summary>Makes a pack durable, then its name in the log, then gives up what it replaces. False when there was no room to name it.</summary>
    private async Task<bool> PutInPlaceAsync(FilledPack filled)
    {
        var (mark, victims, pack, moved) = filled;
        try
        {
            pack.File.Sync();
            try
            {
                pack.Sums.Save();
            }
            catch (IOException)
            {
                // As for the maps. What was not synced is written again.
                if (!_segments.GiveUpSpare())
                {
                    throw;
                }

                pack.Sums.Save();
            }

            _storage.SyncNames();
        }
        catch
        {
            End(victims, pack, abandoned: true);
            throw;
        }

        var request = new ChangeRequest(null, () => new Moved(moved), null, durable: true, mayUseReserve: true);
        var task = request.Task;
        _writer.Submit(request);
        try
        {
            await task;
        }
        catch (BlockException e) when (e.Error == BlockError.NoSpace)
        {
            End(victims, pack, abandoned: true);
            return false;
        }

        // After any other failure the store has failed; both sides stay as they are, for the next opening to choose.
        End(victims, pack, abandoned: false);
        if (Volatile.Read(ref _mark) is { } later && later != mark)
        {
            // The sweep of that mark had to leave the pack alone.
            Sweeper.Sweep(_segments, later, all: false, () => _stop.IsCancellationRequested);
        }

        Survey(Volatile.Read(ref _mark) ?? mark);
        return true;
    }

    private (IReadOnlyList<FileUse> Victims, Segment Pack)? Begin(Mark mark, CleaningPolicy policy)
    {
        lock (_segments.Reclaiming)
        {
            var victims = policy.Choose(Sweeper.Uses(_segments, mark), _segments.NextId, _segments.SegmentBlocks);
            if (victims.Count == 0 || _segments.AddPack(_writer.Position.NextBlock < _segments.SegmentBlocks * 3 / 4) is not { } pack)
            {
                return null;
            }

            pack.InMotion = true;
            foreach (var victim in victims)
            {
                victim.File.InMotion = true;
                _promisedBytes += (long)victim.AllocatedBlocks * Sizes.Block;
            }

            // What is in motion is no more in the survey: it counts as promised.
            Survey(mark);

            return (victims, pack);
        }
    }

    private void End(IReadOnlyList<FileUse> victims, Segment pack, bool abandoned)
    {
        lock (_segments.Reclaiming)
        {
            _segments.BeginReclaim();
            foreach (var victim in victims)
            {
                victim.File.InMotion = false;
                _promisedBytes -= (long)victim.AllocatedBlocks * Sizes.Block;
                if (!abandoned)
                {
                    _segments.Remove(victim.File);
                }
            }

            pack.InMotion = false;
            if (abandoned)
            {
                _segments.Remove(pack);
            }

            if (Volatile.Read(ref _mark) is { } mark)
            {
                Survey(mark);
            }
        }
    }

    /// <summary>In the order in which the blocks were written, so that what was written together stays together.</summary>
    private async ValueTask<List<PlacedSegment>> CopyAsync(
        IReadOnlyList<FileUse> victims, Segment pack, Mark mark, CleaningPolicy policy, CancellationToken cancellationToken)
    {
        var moved = new List<PlacedSegment>();
        _packWriter.Begin(pack);
        foreach (var (victim, placed) in victims.SelectMany(victim => victim.Holds.Select(placed => (victim, placed))).OrderBy(pair => pair.placed.Id))
        {
            var kept = BlockSet.Of(mark.Live.BitsOf(placed.Id));
            if (kept.Count == 0)
            {
                _segments.Places.Remove(placed.Id);
                continue;
            }

            moved.Add(new PlacedSegment(placed.Id, pack.Id, pack, _packWriter.Next, kept));
            for (var block = kept.Next(0); block >= 0;)
            {
                var began = _time.GetTimestamp();
                block = _packWriter.Copy(victim.File, placed, kept, block);
                await policy.PauseAsync(_segments, _time, _time.GetElapsedTime(began), cancellationToken);
            }
        }

        _packWriter.End();
        if (_packWriter.Next < pack.Blocks)
        {
            _segments.Punch(pack, _packWriter.Next, pack.Blocks - _packWriter.Next);
        }

        return moved;
    }

    /// <summary>A pack that holds all that it shall, and that nobody knows of yet.</summary>
    private sealed record FilledPack(Mark Mark, IReadOnlyList<FileUse> Victims, Segment Pack, IReadOnlyList<PlacedSegment> Moved);
}
