using System.Threading.Channels;
using Skerry.State.Log;
using Skerry.State.Merging;

namespace Skerry.State;

/// <summary>What changed since the feed was last read.</summary>
/// <param name="Keys">Entities that changed, each once.</param>
/// <param name="Everything">More changed than the feed holds, or a snapshot was taken in: look at all.</param>
/// <param name="Mutations">How many mutations were applied.</param>
/// <param name="IsUrgent">At least one of them was urgent.</param>
public sealed record ChangeSet(IReadOnlySet<EntityKey> Keys, bool Everything, int Mutations, bool IsUrgent);

/// <summary>
/// Tells one reader which entities changed, after the change is durable. Bounded: keys coalesce, and beyond the bound the feed says
/// "everything". Dispose of it to end it.
/// </summary>
public sealed class ChangeFeed : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Func<EntityKey, bool>? _filter;
    private readonly int _maxKeys;
    private readonly Action<ChangeFeed> _unsubscribe;
    private HashSet<EntityKey> _keys = [];
    private bool _everything;
    private bool _urgent;
    private int _mutations;

    internal ChangeFeed(Func<EntityKey, bool>? filter, int maxKeys, Action<ChangeFeed> unsubscribe)
    {
        _filter = filter;
        _maxKeys = maxKeys;
        _unsubscribe = unsubscribe;
    }

    /// <summary>Waits until something changed, and takes it.</summary>
    /// <exception cref="ChannelClosedException">The feed or its replica was disposed of.</exception>
    public async ValueTask<ChangeSet> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _signal.Reader.ReadAsync(cancellationToken);
            if (TryRead() is { } changes) return changes;
        }
    }

    /// <summary>Takes what changed so far; null when nothing did.</summary>
    public ChangeSet? TryRead()
    {
        lock (_lock)
        {
            if (_mutations == 0 && !_everything) return null;
            var changes = new ChangeSet(_keys, _everything, _mutations, _urgent);
            (_keys, _everything, _mutations, _urgent) = ([], false, 0, false);
            return changes;
        }
    }

    public void Dispose()
    {
        _unsubscribe(this);
        Close();
    }

    internal void Close() => _signal.Writer.TryComplete();

    internal void Publish(IReadOnlyList<Mutation> mutations)
    {
        lock (_lock)
        {
            var before = _mutations;
            foreach (var mutation in mutations) Add(mutation);
            if (_mutations == before) return;
        }

        _signal.Writer.TryWrite(true);
    }

    internal void PublishEverything()
    {
        lock (_lock)
        {
            _everything = true;
            _urgent = true;
            _keys.Clear();
        }

        _signal.Writer.TryWrite(true);
    }

    private void Add(Mutation mutation)
    {
        var concerns = false;
        foreach (var change in mutation.Changes)
        {
            if (_filter is not null && !_filter(change.Key)) continue;
            concerns = true;
            if (_everything) continue;
            _keys.Add(change.Key);
            if (_keys.Count <= _maxKeys) continue;
            _everything = true;
            _keys.Clear();
        }

        if (!concerns) return;
        _mutations++;
        _urgent |= mutation.IsUrgent;
    }
}
