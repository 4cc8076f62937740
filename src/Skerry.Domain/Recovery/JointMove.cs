using System.Collections.Concurrent;
using Skerry.Domain.Replication;

namespace Skerry.Domain.Recovery;

/// <summary>The planned moves of several volumes as one that are under way at this site, by the operation that drives them.</summary>
/// <remarks>Lost with the daemon, and that is no loss: what was not decided by then is undone volume by volume.</remarks>
public sealed class JointMoves
{
    /// <summary>
    /// Volumes of a move wait for each other, so all of them must be under way at once: with fewer volumes in all moves together than
    /// there are slots for urgent operations, no two moves wait for each other's slots.
    /// </summary>
    internal const int MostVolumes = 100;

    private readonly ConcurrentDictionary<string, JointMove> _moves = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _next = new(1, 1);
    private readonly SemaphoreSlim _places = new(MostVolumes, MostVolumes);

    internal JointMove? Find(string operationId) => _moves.GetValueOrDefault(operationId);

    /// <summary>Begins a move when there are places for all its volumes; at most <see cref="MostVolumes"/> of them.</summary>
    internal async ValueTask<JointMove> BeginAsync(string operationId, IReadOnlyList<string> volumeIds, CancellationToken cancellationToken)
    {
        var taken = 0;
        await _next.WaitAsync(cancellationToken);
        try
        {
            for (; taken < volumeIds.Count; taken++)
            {
                await _places.WaitAsync(cancellationToken);
            }

            return _moves[operationId] = new JointMove(volumeIds);
        }
        catch (OperationCanceledException) when (taken > 0)
        {
            _places.Release(taken);
            throw;
        }
        finally
        {
            _next.Release();
        }
    }

    /// <summary>Ends what was begun.</summary>
    internal void End(string operationId)
    {
        if (_moves.TryRemove(operationId, out var move))
        {
            move.Stay("The move was interrupted.");
            if (move.VolumeIds.Count > 0)
            {
                _places.Release(move.VolumeIds.Count);
            }
        }
    }
}

/// <summary>
/// Volumes that are handed over together or not at all. Each waits until all are near before it stops its writers, and then until all
/// have their last write at the successor; then the generations of all are written in one mutation, or none is. Safe for concurrent use.
/// </summary>
internal sealed class JointMove(IReadOnlyList<string> volumeIds)
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _far = [.. volumeIds];
    private readonly HashSet<string> _open = [.. volumeIds];
    private readonly List<ReadyVolume> _ready = [];
    private readonly TaskCompletionSource<bool> _allNear = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _drain = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _allReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<IReadOnlyDictionary<string, Generation>?> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isDeciding;

    public IReadOnlyList<string> VolumeIds => volumeIds;

    /// <summary>Why all stay; null while that is not so.</summary>
    public string? WhyStayed { get; private set; }

    /// <summary>What it is, when that is a refusal.</summary>
    public Refusal? Refusal { get; private set; }

    /// <summary>True when all replicas are near, false when all stay.</summary>
    public Task<bool> AllNear => _allNear.Task;

    /// <summary>True when all wait for their generation, false when all stay.</summary>
    public Task<bool> AllReady => _allReady.Task;

    /// <summary>A volume's replica is near; true when its writers are to be stopped, false when all stay.</summary>
    public async ValueTask<bool> NearAsync(string volumeId, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _far.Remove(volumeId);
            if (_far.Count == 0)
            {
                _allNear.TrySetResult(true);
            }
        }

        await using var asked = cancellationToken.Register(() => Stay(null));
        return await _drain.Task;
    }

    /// <summary>All volumes stop their writers now.</summary>
    public void Drain() => _drain.TrySetResult(true);

    /// <summary>A volume's successor has its last write; its generation, when those of all were written, and null when all stay.</summary>
    public async ValueTask<Generation?> ReadyAsync(ReadyVolume volume, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _ready.Add(volume);
            _open.Remove(volume.Current.VolumeId);
            if (_open.Count == 0 && WhyStayed is null)
            {
                _allReady.TrySetResult(true);
            }
        }

        // An abort that comes while the generations are being written does not know yet which of the two was first.
        await using var asked = cancellationToken.Register(() => Stay(null));
        return (await _outcome.Task)?.GetValueOrDefault(volume.Current.VolumeId);
    }

    /// <summary>Those that wait, when their generations are to be written now; null when all stay. From here on nothing makes them stay but <see cref="Refuse"/>.</summary>
    public IReadOnlyList<ReadyVolume>? Decide()
    {
        lock (_lock)
        {
            if (WhyStayed is not null)
            {
                return null;
            }

            _isDeciding = true;
            return [.. _ready];
        }
    }

    public void Written(IReadOnlyDictionary<string, Generation> generations) => _outcome.TrySetResult(generations);

    /// <summary>The generations were not written.</summary>
    public void Refuse(string why)
    {
        lock (_lock)
        {
            _isDeciding = false;
        }

        Stay(why);
    }

    /// <summary>All volumes stay where they are, unless that was decided already. The first reason counts.</summary>
    public void Stay(string? why, Refusal? refusal = null)
    {
        lock (_lock)
        {
            if (_isDeciding || _outcome.Task.IsCompleted)
            {
                return;
            }

            Refusal = WhyStayed is null ? refusal : Refusal;
            WhyStayed ??= why ?? "It was aborted.";
        }

        _allNear.TrySetResult(false);
        _drain.TrySetResult(false);
        _allReady.TrySetResult(false);
        _outcome.TrySetResult(null);
    }
}

/// <summary>A volume whose writers have stopped and whose successor has everything.</summary>
/// <param name="OperationId">Of its hand-over.</param>
/// <param name="Current">The generation that ends.</param>
/// <param name="ToSite">The successor, as a site id.</param>
/// <param name="Number">The last write.</param>
/// <param name="Stages">Where its stages are written.</param>
internal sealed record ReadyVolume(string OperationId, Generation Current, string ToSite, long Number, StageLog Stages);
