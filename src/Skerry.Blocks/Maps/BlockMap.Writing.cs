using System.Runtime.CompilerServices;

namespace Skerry.Blocks.Maps;

/// <content>What the log's writer does. The path from the root down is made its own, then the leaf is changed or replaced.</content>
internal sealed partial class BlockMap
{
    /// <summary>The writer's: blocks that one write stored side by side, from <paramref name="place"/> on.</summary>
    public void Write(long first, Place place, int count, long number)
    {
        Grow(first + count - 1);
        while (count > 0)
        {
            var index = (int)(first & (MapNode.Fanout - 1));
            var part = Math.Min(count, MapNode.Fanout - index);
            var node = OwnParent(first, number);
            WriteLeaf(node, node.IndexOf(first), index, part, place, number);
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
            WriteZeroes(OwnRoot(), 0, first, first + count, new ExtentNode(kind, number));
        }
    }

    private static long DataIn(MapNode? node)
    {
        var count = 0L;
        switch (node)
        {
            case InnerNode inner:
                for (var i = 0; i < MapNode.Fanout; i++)
                {
                    count += DataIn(inner[i]);
                }

                break;
            case PackedLeaf leaf:
                count = leaf.DataIn(0, MapNode.Fanout);
                break;
            case PairNode pair:
                count = (pair.First.Place.IsData ? pair.Split : 0) + (pair.Second.Place.IsData ? MapNode.Fanout - pair.Split : 0);
                break;
            case ExtentNode extent:
                count = extent.Place.IsData ? MapNode.Fanout : 0;
                break;
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

    private InnerNode OwnRoot()
    {
        var root = Own(_root);
        Volatile.Write(ref _root, root);
        return root;
    }

    private InnerNode Own(InnerNode node)
    {
        if (!_owner.MayChange(node))
        {
            return node.CopyFor(_owner);
        }

        node.Touch(_owner);
        return node;
    }

    private InnerNode OwnParent(long block, long number)
    {
        var node = OwnRoot();
        while (true)
        {
            node.Raise(number);
            if (node.Level == 1)
            {
                return node;
            }

            node = OwnInner(node, node.IndexOf(block));
        }
    }

    private InnerNode OwnInner(InnerNode node, int index)
    {
        var child = node[index];
        var owned = child switch
        {
            InnerNode inner => Own(inner),
            ExtentNode zeroes => Filled(zeroes, node.Level - 1),
            _ => new InnerNode(_owner, node.Level - 1),
        };
        if (!ReferenceEquals(owned, child))
        {
            node[index] = owned;
        }

        return owned;
    }

    private InnerNode Filled(ExtentNode zeroes, int level)
    {
        var inner = new InnerNode(_owner, level) { MaxNumber = zeroes.MaxNumber };
        inner.Fill(zeroes);
        return inner;
    }

    private void WriteLeaf(InnerNode node, int slot, int index, int count, Place place, long number)
    {
        var child = node[slot];
        var data = place.IsData ? count : 0;
        if (count == MapNode.Fanout)
        {
            _dataBlocks += data - DataIn(child);
            node[slot] = new ExtentNode(place, number);
            return;
        }

        if (child is not PackedLeaf leaf)
        {
            WriteRuns(node, slot, index, count, place, number);
            return;
        }

        data -= leaf.DataIn(index, count);
        var owned = _owner.MayChange(leaf) ? leaf : leaf.CopyFor(_owner, 0);
        owned.Raise(number);
        if (!owned.TryWrite(index, count, place, number, out var runsAfter))
        {
            if (runsAfter <= owned.Capacity)
            {
                // In another form, or on another scale.
                WriteRuns(node, slot, index, count, place, number);
                return;
            }

            owned = owned.CopyFor(_owner, runsAfter);
            owned.TryWrite(index, count, place, number, out _);
        }

        owned.Touch(_owner);
        _dataBlocks += data;
        if (!ReferenceEquals(owned, leaf))
        {
            node[slot] = owned;
        }
    }

    [SkipLocalsInit]
    private void WriteRuns(InnerNode node, int slot, int index, int count, Place place, long number)
    {
        Span<LeafRun> room = stackalloc LeafRun[RunList.Most];
        var runs = RunList.Of(node[slot], room);
        _dataBlocks += (place.IsData ? count : 0) - runs.DataIn(index, count);
        runs.Write(index, count, place, number);
        node[slot] = runs.ToNode(_owner);
    }

    private void WriteZeroes(InnerNode node, long nodeFirst, long from, long to, ExtentNode zeroes)
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

            if (node.Level > 1)
            {
                WriteZeroes(OwnInner(node, i), first, from, to, zeroes);
            }
            else
            {
                var start = (int)(Math.Max(from, first) - first);
                WriteLeaf(node, i, start, (int)(Math.Min(to, first + span) - first) - start, zeroes.Place, zeroes.MaxNumber);
            }
        }
    }
}
