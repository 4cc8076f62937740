namespace Skerry.Blocks.Maps;

/// <summary>
/// A node of a block map. A node is changed in place only by the map that owns it (same owner token) and only by the log's writer;
/// every other map that reaches it sees it frozen. Readers take no lock.
/// </summary>
internal abstract class MapNode
{
    public const int FanoutBits = 7;
    public const int Fanout = 1 << FanoutBits;

    private long _maxNumber;

    /// <summary>No block below carries a higher write number.</summary>
    public long MaxNumber
    {
        get => Volatile.Read(ref _maxNumber);
        init => _maxNumber = value;
    }

    public void Raise(long number)
    {
        if (number > _maxNumber)
        {
            Volatile.Write(ref _maxNumber, number);
        }
    }
}

/// <summary>Any stretch whose blocks all became zeroes in one write. Never changed.</summary>
internal sealed class UniformNode : MapNode
{
    public UniformNode(Place place, long number)
    {
        Place = place;
        MaxNumber = number;
    }

    public Place Place { get; }

    public MapEntry Entry => new(Place, MaxNumber);
}

/// <summary>128 children, each absent (never written), uniform, or of the level below; level 1 has leaves.</summary>
internal sealed class InnerNode(object? owner, int level) : MapNode
{
    private readonly MapNode?[] _children = new MapNode?[Fanout];

    public object? Owner { get; } = owner;

    public int Level { get; } = level;

    /// <summary>Blocks below each child.</summary>
    public long ChildSpan => 1L << (FanoutBits * Level);

    public MapNode? this[int index]
    {
        get => Volatile.Read(ref _children[index]);
        set => Volatile.Write(ref _children[index], value);
    }

    public int IndexOf(long block) => (int)((block >> (FanoutBits * Level)) & (Fanout - 1));

    public InnerNode CopyFor(object owner)
    {
        var copy = new InnerNode(owner, Level) { MaxNumber = MaxNumber };
        _children.CopyTo(copy._children, 0);
        return copy;
    }

    public void Fill(MapNode child) => Array.Fill(_children, child);
}

/// <summary>128 entries. Readers copy them under a version that is odd while the writer is inside, and try again if it moved.</summary>
internal sealed class LeafNode(object? owner) : MapNode
{
    private readonly MapEntry[] _entries = new MapEntry[Fanout];
    private int _version;

    public object? Owner { get; } = owner;

    public LeafNode CopyFor(object owner)
    {
        var copy = new LeafNode(owner) { MaxNumber = MaxNumber };
        _entries.CopyTo(copy._entries, 0);
        return copy;
    }

    public void Fill(MapEntry entry) => Array.Fill(_entries, entry);

    /// <summary>For the writer, and for leaves that are frozen.</summary>
    public ReadOnlySpan<MapEntry> Entries => _entries;

    public void Read(int index, Span<MapEntry> into)
    {
        var spin = default(SpinWait);
        while (true)
        {
            var before = Volatile.Read(ref _version);
            if ((before & 1) == 0)
            {
                _entries.AsSpan(index, into.Length).CopyTo(into);
                Thread.MemoryBarrier();
                if (Volatile.Read(ref _version) == before)
                {
                    return;
                }
            }

            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>For a leaf that nobody else has seen yet.</summary>
    public void Restore(ReadOnlySpan<MapEntry> entries) => entries.CopyTo(_entries);

    public void Write(int index, Place place, int count, long number)
    {
        Enter();
        for (var i = 0; i < count; i++)
        {
            _entries[index + i] = new MapEntry(place.Next(i), number);
        }

        Leave();
    }

    public void Write(int index, int count, MapEntry entry)
    {
        Enter();
        _entries.AsSpan(index, count).Fill(entry);
        Leave();
    }

    private void Enter()
    {
        Volatile.Write(ref _version, unchecked(_version + 1));
        Thread.MemoryBarrier();
    }

    private void Leave() => Volatile.Write(ref _version, unchecked(_version + 1));
}
