namespace Skerry.Blocks.Maps;

internal delegate void RangeVisitor(long first, long count, Place place);

/// <summary>
/// From block to place, as a tree whose nodes snapshots and clones share. One writer (the log's); any number of readers at the same
/// time, without a lock. Sharing takes constant time: both sides take a new owner token, so that each copies what it changes.
/// </summary>
internal sealed class BlockMap
{
    private object _owner = new();
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

    public BlockMap Share()
    {
        _owner = new object();
        return new BlockMap(_root, _dataBlocks);
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
            switch (node)
            {
                case LeafNode leaf:
                    leaf.Read((int)(first & (MapNode.Fanout - 1)), part);
                    break;
                case UniformNode uniform:
                    part.Fill(uniform.Entry);
                    break;
                default:
                    part.Clear();
                    break;
            }

            first += count;
            into = into[count..];
        }
    }

    /// <summary>Adjoining stretches that cover the range, each all holes, all zeroes or all data; lazily, so that a caller can stop.</summary>
    public IEnumerable<(long First, long Count, Place Place)> Stretches(long first, long end)
    {
        var root = Root;
        var entries = new MapEntry[MapNode.Fanout];
        while (first < end)
        {
            var (node, span) = Find(root, first);
            var count = Math.Min(end - first, span);
            if (node is LeafNode leaf)
            {
                var index = (int)(first & (MapNode.Fanout - 1));
                leaf.Read(index, entries.AsSpan(0, (int)count));
                for (var i = 0; i < count; i++)
                {
                    yield return (first + i, 1, entries[i].Place);
                }
            }
            else
            {
                yield return (first, count, node is UniformNode uniform ? uniform.Place : Place.Hole);
            }

            first += count;
        }
    }

    /// <summary>The writer's: blocks that one write stored side by side, from <paramref name="place"/> on.</summary>
    public void Write(long first, Place place, int count, long number)
    {
        while (count > 0)
        {
            var leaf = OwnLeaf(first, number);
            var index = (int)(first & (MapNode.Fanout - 1));
            var part = Math.Min(count, MapNode.Fanout - index);
            _dataBlocks += part - DataIn(leaf.Entries.Slice(index, part));
            leaf.Write(index, place, part, number);
            first += part;
            place = place.Next(part);
            count -= part;
        }
    }

    /// <summary>
    /// The writer's: makes a range zeroes as of <paramref name="number"/>. Where nothing was ever written a hole changes nothing, and
    /// keeps no number.
    /// </summary>
    public void WriteZeroes(long first, long count, Place kind, long number)
    {
        if (count > 0)
        {
            Grow(first + count - 1);
            Volatile.Write(ref _root, Own(_root));
            WriteZeroes(_root, 0, first, first + count, new UniformNode(kind, number));
        }
    }

    /// <summary>
    /// Ranges in order that cover, from <paramref name="fromBlock"/> to before <paramref name="endBlock"/>, the blocks that carry a number
    /// above <paramref name="number"/>; with -1, all blocks, also those never written. The first may begin before.
    /// </summary>
    public void Visit(long number, long fromBlock, long endBlock, RangeVisitor visit)
    {
        var root = Root;
        Visit(root, root.Level, 0, fromBlock, endBlock, number, visit);
        var span = MapNode.Fanout * root.ChildSpan;
        if (number < 0 && span < endBlock)
        {
            visit(span, endBlock - span, Place.Hole);
        }
    }

    private static void Visit(MapNode? node, int level, long first, long from, long end, long number, RangeVisitor visit)
    {
        if (first >= end
            || first + (1L << (MapNode.FanoutBits * (level + 1))) <= from
            || (node is null ? number >= 0 : node.MaxNumber <= number))
        {
            return;
        }

        switch (node)
        {
            case InnerNode inner:
                for (var i = 0; i < MapNode.Fanout; i++)
                {
                    Visit(inner[i], level - 1, first + (i * inner.ChildSpan), from, end, number, visit);
                }

                break;
            case LeafNode leaf:
                Span<MapEntry> entries = stackalloc MapEntry[MapNode.Fanout];
                leaf.Read(0, entries);
                for (var i = (int)Math.Max(0, from - first); i < MapNode.Fanout && first + i < end; i++)
                {
                    if (entries[i].Number > number)
                    {
                        visit(first + i, 1, entries[i].Place);
                    }
                }

                break;
            default:
                var span = 1L << (MapNode.FanoutBits * (level + 1));
                visit(first, Math.Min(span, end - first), node is UniformNode uniform ? uniform.Place : default);
                break;
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

    private static long DataIn(ReadOnlySpan<MapEntry> entries)
    {
        var count = 0;
        foreach (ref readonly var entry in entries)
        {
            count += entry.Place.IsData ? 1 : 0;
        }

        return count;
    }

    private static long DataIn(MapNode? node)
    {
        if (node is LeafNode leaf)
        {
            return DataIn(leaf.Entries);
        }

        var count = 0L;
        if (node is InnerNode inner)
        {
            for (var i = 0; i < MapNode.Fanout; i++)
            {
                count += DataIn(inner[i]);
            }
        }

        return count;
    }

    private void Grow(long block)
    {
        while (block >> (MapNode.FanoutBits * (_root.Level + 1)) != 0)
        {
            var root = new InnerNode(_owner, _root.Level + 1) { MaxNumber = _root.MaxNumber };
            root[0] = _root;
            Volatile.Write(ref _root, root);
        }
    }

    private InnerNode Own(InnerNode node) => node.Owner == _owner ? node : node.CopyFor(_owner);

    private LeafNode OwnLeaf(long block, long number)
    {
        Grow(block);
        var node = Own(_root);
        Volatile.Write(ref _root, node);
        while (true)
        {
            node.Raise(number);
            var index = node.IndexOf(block);
            var child = OwnChild(node, index);
            if (child is LeafNode leaf)
            {
                leaf.Raise(number);
                return leaf;
            }

            node = (InnerNode)child;
        }
    }

    private MapNode OwnChild(InnerNode node, int index)
    {
        var child = node[index];
        MapNode owned = child switch
        {
            LeafNode leaf => leaf.Owner == _owner ? leaf : leaf.CopyFor(_owner),
            InnerNode inner => Own(inner),
            UniformNode uniform when node.Level == 1 => Filled(uniform),
            UniformNode uniform => Filled(uniform, node.Level - 1),
            _ => node.Level == 1 ? new LeafNode(_owner) : new InnerNode(_owner, node.Level - 1),
        };
        if (!ReferenceEquals(owned, child))
        {
            node[index] = owned;
        }

        return owned;
    }

    private LeafNode Filled(UniformNode uniform)
    {
        var leaf = new LeafNode(_owner) { MaxNumber = uniform.MaxNumber };
        leaf.Fill(uniform.Entry);
        return leaf;
    }

    private InnerNode Filled(UniformNode uniform, int level)
    {
        var inner = new InnerNode(_owner, level) { MaxNumber = uniform.MaxNumber };
        inner.Fill(uniform);
        return inner;
    }

    private void WriteZeroes(InnerNode node, long nodeFirst, long from, long to, UniformNode zeroes)
    {
        node.Raise(zeroes.MaxNumber);
        var span = node.ChildSpan;
        for (var i = (int)Math.Max(0, (from - nodeFirst) / span); i < MapNode.Fanout; i++)
        {
            var first = nodeFirst + (i * span);
            if (first >= to)
            {
                return;
            }

            var child = node[i];
            if (child is null && zeroes.Place == Place.Hole)
            {
                continue;
            }

            if (from <= first && first + span <= to)
            {
                _dataBlocks -= DataIn(child);
                node[i] = zeroes;
                continue;
            }

            switch (OwnChild(node, i))
            {
                case InnerNode inner:
                    WriteZeroes(inner, first, from, to, zeroes);
                    break;
                case LeafNode leaf:
                    var start = (int)(Math.Max(from, first) - first);
                    var count = (int)(Math.Min(to, first + span) - first) - start;
                    _dataBlocks -= DataIn(leaf.Entries.Slice(start, count));
                    leaf.Raise(zeroes.MaxNumber);
                    leaf.Write(start, count, zeroes.Entry);
                    break;
            }
        }
    }
}
