using System.Runtime.CompilerServices;

namespace Skerry.Blocks.Maps;

/// <summary>128 children, each absent (never written), an extent of zeroes, or of the level below; level 1 has leaves.</summary>
internal sealed class InnerNode(MapOwner? owner, int level) : SharedNode(owner)
{
    private Children _children;

    public int Level { get; } = level;

    /// <summary>Blocks below each child.</summary>
    public long ChildSpan => 1L << (FanoutBits * Level);

    public MapNode? this[int index]
    {
        get => Volatile.Read(ref _children[index]);
        set => Volatile.Write(ref _children[index], value);
    }

    public int IndexOf(long block) => (int)((block >> (FanoutBits * Level)) & (Fanout - 1));

    public InnerNode CopyFor(MapOwner owner) => new(owner, Level) { MaxNumber = MaxNumber, _children = _children };

    public void Fill(MapNode child) => ((Span<MapNode?>)_children).Fill(child);

    [InlineArray(Fanout)]
    private struct Children
    {
        private MapNode? _first;
    }
}
