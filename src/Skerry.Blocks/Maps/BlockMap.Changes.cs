using System.Runtime.CompilerServices;

namespace Skerry.Blocks.Maps;

/// <summary>Takes a range of blocks of one kind.</summary>
/// <param name="place">Of the first block; where it is data, the others follow it.</param>
internal delegate void RangeVisitor(long first, long count, Place place);

/// <content>What changed since a write number.</content>
internal sealed partial class BlockMap
{
    /// <summary>
    /// Ranges in order that cover, from <paramref name="fromBlock"/> to before <paramref name="endBlock"/>, the blocks that carry a number
    /// above <paramref name="number"/>; with -1, all blocks, also those never written. The first may begin before.
    /// </summary>
    public void Visit(long number, long fromBlock, long endBlock, RangeVisitor visit)
    {
        var root = Root;
        Visit(root, root.Level, 0, fromBlock, endBlock, number, new (LeafRun Run, int End)[MapNode.Fanout], visit);
        var span = MapNode.Fanout * root.ChildSpan;
        if (number < 0 && span < endBlock)
        {
            visit(span, endBlock - span, Place.Hole);
        }
    }

    /// <remarks>Optimized at once: a difference is told now and then, and then in one go.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Visit(MapNode? node, int level, long first, long from, long end, long number, (LeafRun Run, int End)[] room, RangeVisitor visit)
    {
        var span = 1L << (MapNode.FanoutBits * (level + 1));
        if (first >= end || first + span <= from || (node is null ? number >= 0 : node.MaxNumber <= number))
        {
            return;
        }

        if (node is InnerNode inner)
        {
            for (var i = 0; i < MapNode.Fanout; i++)
            {
                Visit(inner[i], level - 1, first + (i * inner.ChildSpan), from, end, number, room, visit);
            }
        }
        else if (node is PackedLeaf leaf)
        {
            var count = leaf.ReadAbove(number, room);
            for (var i = 0; i < count; i++)
            {
                Visit(room[i].Run, room[i].End, first, from, end, visit);
            }
        }
        else if (node is PairNode pair)
        {
            if (pair.First.Number > number)
            {
                Visit(pair.First, pair.Split, first, from, end, visit);
            }

            if (pair.Second.Number > number)
            {
                Visit(pair.Second, MapNode.Fanout, first, from, end, visit);
            }
        }
        else
        {
            visit(first, Math.Min(span, end - first), (node as ExtentNode)?.Place ?? Place.Hole);
        }
    }

    private static void Visit(LeafRun run, int runEnd, long first, long from, long end, RangeVisitor visit)
    {
        var to = Math.Min(end, first + runEnd);
        if (to > from && to > first + run.First)
        {
            visit(first + run.First, to - first - run.First, run.Place);
        }
    }
}
