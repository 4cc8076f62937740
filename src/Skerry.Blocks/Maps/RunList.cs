using System.Runtime.CompilerServices;

namespace Skerry.Blocks.Maps;

/// <summary>The runs of one leaf while it changes its form. They cover its 128 blocks in order.</summary>
internal ref struct RunList
{
    /// <summary>A leaf full of single blocks, and one write that splits.</summary>
    public const int Most = MapNode.Fanout + PairNode.Runs;

    private readonly Span<LeafRun> _room;
    private int _count;

    private RunList(Span<LeafRun> room, int count)
    {
        _room = room;
        _count = count;
    }

    public readonly ReadOnlySpan<LeafRun> Runs => _room[.._count];

    /// <param name="room">At least <see cref="Most"/>.</param>
    /// <param name="node">What stands for a leaf: a packed leaf, a pair, an extent, or nothing.</param>
    public static RunList Of(MapNode? node, Span<LeafRun> room)
    {
        switch (node)
        {
            case PackedLeaf leaf:
                return new RunList(room, leaf.Read(room));
            case PairNode pair:
                (room[0], room[1]) = (pair.First, pair.Second);
                return new RunList(room, PairNode.Runs);
            case ExtentNode extent:
                room[0] = new LeafRun(0, extent.Place, extent.MaxNumber);
                return new RunList(room, 1);
            default:
                room[0] = default;
                return new RunList(room, 1);
        }
    }

    public readonly int DataIn(int index, int count)
    {
        var data = 0;
        for (var i = 0; i < _count; i++)
        {
            var (from, to) = (Math.Max(_room[i].First, index), Math.Min(EndOf(i), index + count));
            data += _room[i].Place.IsData && from < to ? to - from : 0;
        }

        return data;
    }

    /// <summary>Makes a range one run, joined with a neighbour that it goes on from.</summary>
    [SkipLocalsInit]
    public void Write(int index, int count, Place place, long number)
    {
        Span<LeafRun> after = stackalloc LeafRun[Most];
        var (end, n) = (index + count, 0);
        for (var i = 0; i < _count && _room[i].First < index; i++)
        {
            after[n++] = _room[i];
        }

        Append(after, ref n, new LeafRun(index, place, number));
        for (var i = 0; i < _count; i++)
        {
            var run = _room[i];
            if (EndOf(i) > end)
            {
                Append(after, ref n, run.First >= end ? run : new LeafRun(end, run.At(end).Place, run.Number));
            }
        }

        after[..n].CopyTo(_room);
        _count = n;
    }

    /// <summary>The smallest node for these runs.</summary>
    public readonly MapNode ToNode(MapOwner? owner) => _count switch
    {
        1 => new ExtentNode(_room[0].Place, _room[0].Number),
        PairNode.Runs => PairNode.TryMake(_room[0], _room[1]) ?? (MapNode)PackedLeaf.Of(owner, Runs),
        _ => PackedLeaf.Of(owner, Runs),
    };

    private static void Append(Span<LeafRun> runs, ref int count, LeafRun run)
    {
        if (count > 0 && runs[count - 1] is var last && last.Number == run.Number && last.At(run.First).Place == run.Place)
        {
            return;
        }

        runs[count++] = run;
    }

    private readonly int EndOf(int index) => index + 1 < _count ? _room[index + 1].First : MapNode.Fanout;
}
