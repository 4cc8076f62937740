namespace Skerry.Blocks.Maps;

/// <summary>
/// A node of a block map. Extents and pairs are never changed, only replaced. Inner nodes and packed leaves are changed in place, by
/// the log's writer and as long as their map alone can reach them (<see cref="MapOwner"/>); for everyone else they are frozen. Readers
/// take no lock.
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

/// <summary>A node that snapshots may share, and that has a record of its own in a map file.</summary>
internal abstract class SharedNode(MapOwner? owner) : MapNode
{
    /// <summary>Who may change it in place; null once loaded, since nobody counted who shares it.</summary>
    public MapOwner? Owner { get; } = owner;

    /// <summary>The owner's era when it was last changed.</summary>
    public int Era { get; private set; } = owner?.Era ?? 0;

    /// <summary>Where its record is in the map files; 0 when it has none, or has changed since.</summary>
    public ulong Address { get; set; }

    /// <summary>The last walk that came by, so that a walk visits a shared node once.</summary>
    public int Stamp { get; set; }

    /// <summary>The writer's, before a change in place.</summary>
    public void Touch(MapOwner owner)
    {
        Era = owner.Era;
        Address = 0;
    }
}
