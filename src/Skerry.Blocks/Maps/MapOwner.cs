namespace Skerry.Blocks.Maps;

/// <summary>
/// Decides which nodes a map may change in place: those that it made, unless a snapshot has been taken since (then the map has a new
/// owner), or a checkpoint that froze them is still being saved. A checkpoint needs its nodes only until it is saved, so each one
/// freezes an era and releases it, and in between only what is touched is copied.
/// </summary>
internal sealed class MapOwner
{
    private int _released;

    /// <summary>The writer's: nodes that it changes from now on are of this era.</summary>
    public int Era { get; private set; } = 1;

    /// <summary>The writer's: no node changed so far is changed in place until the era that is returned has been released.</summary>
    public int Freeze() => Era++;

    /// <summary>Nobody looks any more at what was frozen as of this era, or before it.</summary>
    public void Release(int era)
    {
        int seen;
        while ((seen = Volatile.Read(ref _released)) < era && Interlocked.CompareExchange(ref _released, era, seen) != seen)
        {
        }
    }

    /// <summary>What a freeze holds, a later one holds too: so it takes the release of the last to change nodes of before.</summary>
    public bool MayChange(SharedNode node) => node.Owner == this && (node.Era == Era || Volatile.Read(ref _released) == Era - 1);
}
