namespace Skerry.Blocks.Maps;

/// <summary>
/// From block to place, as a tree whose nodes snapshots and clones share. One writer (the log's); any number of readers at the same
/// time, without a lock. Sharing takes constant time: both sides take a new owner, so that each copies what it changes.
/// </summary>
internal sealed partial class BlockMap
{
    private MapOwner _owner = new();
    private InnerNode _root;
    private long _dataBlocks;

    public BlockMap()
        : this(new InnerNode(null, 1), 0)
    {
    }

    public BlockMap(InnerNode root, long dataBlocks)
    {
        _root = root;
        _dataBlocks = dataBlocks;
    }

    public InnerNode Root => Volatile.Read(ref _root);

    /// <summary>Blocks that hold data.</summary>
    public long DataBlocks => Volatile.Read(ref _dataBlocks);

    /// <summary>The writer's: the same content, from now on apart.</summary>
    public BlockMap Share()
    {
        _owner = new MapOwner();
        return new BlockMap(_root, _dataBlocks);
    }

    /// <summary>The writer's: the content of this instant, which stays as it is until it is released.</summary>
    public FrozenMap Freeze()
    {
        _owner.Freeze();
        return new FrozenMap(_root, _dataBlocks, _owner);
    }

    /// <summary>Entries from <paramref name="first"/> on, each one whole, though not all of one instant.</summary>
    public void Read(long first, Span<MapEntry> into)
    {
        var root = Root;
        while (into.Length > 0)
        {
            var (node, span) = Find(root, first);
            var count = (int)Math.Min(into.Length, span);
            var part = into[..count];
            var index = (int)(first & (MapNode.Fanout - 1));
            switch (node)
            {
                case PackedLeaf leaf:
                    leaf.Read(index, part);
                    break;
                case ExtentNode extent when !extent.Place.IsData:
                    part.Fill(extent.At(0));
                    break;
                case ExtentNode extent:
                    for (var i = 0; i < count; i++)
                    {
                        part[i] = extent.At(index + i);
                    }

                    break;
                case PairNode pair:
                    for (var i = 0; i < count; i++)
                    {
                        part[i] = pair.At(index + i);
                    }

                    break;
                default:
                    part.Clear();
                    break;
            }

            first += count;
            into = into[count..];
        }
    }

    /// <summary>
    /// Adjoining stretches that cover the range, each all holes, all zeroes, all lost, or data from a place on; lazily, so that a caller
    /// can stop.
    /// </summary>
    public IEnumerable<(long First, long Count, Place Place)> Stretches(long first, long end)
    {
        var root = Root;
        var runs = new LeafRun[RunList.Most];
        while (first < end)
        {
            var (node, span) = Find(root, first);
            var to = first + Math.Min(end - first, span);
            if (node is null or ExtentNode { Place.IsData: false })
            {
                yield return (first, to - first, (node as ExtentNode)?.Place ?? Place.Hole);
                first = to;
                continue;
            }

            var leafFirst = first & ~(MapNode.Fanout - 1L);
            var count = RunList.Of(node, runs).Runs.Length;
            for (var i = 0; i < count && first < to; i++)
            {
                var runEnd = Math.Min(to, leafFirst + (i + 1 < count ? runs[i + 1].First : MapNode.Fanout));
                if (runEnd > first)
                {
                    yield return (first, runEnd - first, runs[i].At((int)(first - leafFirst)).Place);
                    first = runEnd;
                }
            }
        }
    }

    private static (MapNode? Node, long Span) Find(InnerNode root, long block)
    {
        if (block >> (MapNode.FanoutBits * (root.Level + 1)) != 0)
        {
            return (null, long.MaxValue);
        }

        var node = root;
        while (true)
        {
            var child = node[node.IndexOf(block)];
            if (child is InnerNode inner)
            {
                node = inner;
                continue;
            }

            return (child, node.ChildSpan - (block & (node.ChildSpan - 1)));
        }
    }
}
