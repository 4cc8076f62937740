using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>
/// The nodes of all maps on disk. A node that was saved and has not changed since is not written again; once as much has been
/// appended as all nodes took when they were last written, all are written anew, so that at most half is unused.
/// </summary>
internal sealed class MapFiles(IBackingStorage storage, ulong storeId, MapFilesMark mark)
{
    /// <summary>So little is not worth writing anew.</summary>
    private const long SmallBytes = 4 << 20;

    private long _highest = mark.Current;
    private bool _failed;

    /// <summary>As of the last save.</summary>
    public MapFilesMark Mark { get; private set; } = mark;

    /// <summary>What the last save wrote.</summary>
    public long SavedBytes { get; private set; }

    /// <summary>Makes every node durable. Each then has its address, the root too.</summary>
    public void Save(IEnumerable<FrozenMap> maps)
    {
        var rewrite = _failed || Mark.AppendedBytes > Math.Max(Mark.RewrittenBytes, SmallBytes);
        var start = rewrite ? new MapFilesMark(_highest + 1, _highest, 0, 0, 0) : Mark;
        _failed = true;
        using var appender = new NodeAppender(storage, storeId, start.Current, start.EndBytes);
        try
        {
            foreach (var map in maps)
            {
                Save(map.Root, start, appender);
            }

            if (appender.AppendedBytes > 0)
            {
                appender.Finish();
            }
        }
        finally
        {
            _highest = Math.Max(_highest, appender.Current);
        }

        SavedBytes = appender.AppendedBytes;
        Mark = start with
        {
            Current = appender.Current,
            EndBytes = appender.EndBytes,
            RewrittenBytes = rewrite ? SavedBytes : start.RewrittenBytes,
            AppendedBytes = rewrite ? 0 : start.AppendedBytes + SavedBytes,
        };
        _failed = false;
    }

    /// <summary>After the checkpoint with the last mark is durable: drops the files that it does not need.</summary>
    public void DropUnused()
    {
        foreach (var name in storage.List())
        {
            if (MapFile.NumberOf(name) is { } number && (number < Mark.First || number > _highest))
            {
                storage.Delete(name);
            }
        }
    }

    private static void Save(InnerNode node, MapFilesMark mark, NodeAppender appender)
    {
        if (mark.Holds(node.Address))
        {
            return;
        }

        for (var i = 0; i < MapNode.Fanout; i++)
        {
            switch (node[i])
            {
                case InnerNode inner:
                    Save(inner, mark, appender);
                    break;
                case PackedLeaf leaf when !mark.Holds(leaf.Address):
                    NodeCodec.Write(leaf, appender);
                    break;
            }
        }

        NodeCodec.Write(node, appender);
    }
}
