using System.Collections.Immutable;
using Skerry.State.Log;
using Skerry.State.Merging;

namespace Skerry.State;

/// <summary>The readers of one replica's changes.</summary>
internal sealed class Feeds
{
    private ImmutableArray<ChangeFeed> _feeds = [];
    private bool _closed;

    public ChangeFeed Subscribe(Func<EntityKey, bool>? filter, int maxKeys)
    {
        var feed = new ChangeFeed(filter, maxKeys, gone => ImmutableInterlocked.Update(ref _feeds, feeds => feeds.Remove(gone)));
        ImmutableInterlocked.Update(ref _feeds, feeds => feeds.Add(feed));
        if (Volatile.Read(ref _closed)) feed.Close();
        return feed;
    }

    public void Publish(IReadOnlyList<Mutation> mutations)
    {
        foreach (var feed in _feeds) feed.Publish(mutations);
    }

    public void PublishEverything()
    {
        foreach (var feed in _feeds) feed.PublishEverything();
    }

    public void Close()
    {
        Volatile.Write(ref _closed, true);
        foreach (var feed in _feeds) feed.Close();
    }
}
