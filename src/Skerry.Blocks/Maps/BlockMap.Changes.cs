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
        Visit(root, root.Level, 0, fromBlock, endBlock, number, new LeafRun[RunList.Most], visit);
        var span = MapNode.Fanout * root.ChildSpan;
        if (number < 0 && span < endBlock)
        {
            visit(span, endBlock - span, Place.Hole);
        }
    }

    private static void Visit(MapNode? node, int level, long first, long from, long end, long number, LeafRun[] room, RangeVisitor visit)
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
        else if (node is PackedLeaf or PairNode)
        {
            var runs = RunList.Of(node, room).Runs;
            for (var i = 0; i < runs.Length && first + runs[i].First < end; i++)
            {
                var to = Math.Min(end, first + (i + 1 < runs.Length ? runs[i + 1].First : MapNode.Fanout));
                if (runs[i].Number > number && to > from)
                {
                    visit(first + runs[i].First, to - first - runs[i].First, runs[i].Place);
                }
            }
        }
        else
        {
            visit(first, Math.Min(span, end - first), (node as ExtentNode)?.Place ?? Place.Hole);
        }
    }
}
