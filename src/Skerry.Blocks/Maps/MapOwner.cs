namespace Skerry.Blocks.Maps;

/// <summary>
/// Decides which nodes a map may change in place: those that it made, unless a snapshot has been taken since (then the map has a new
/// owner), or something froze them and still looks: a checkpoint that is being saved, or a survey. Each freezes an era and lets it go, in
/// any order, and in between only what is touched is copied.
/// </summary>
internal sealed class MapOwner
{
    private int _looking;

    /// <summary>The writer's: nodes that it changes from now on are of this era.</summary>
    public int Era { get; private set; } = 1;

    /// <summary>The writer's: no node changed so far is changed in place until this freeze has been released, and all later ones.</summary>
    public void Freeze()
    {
        Interlocked.Increment(ref _looking);
        Era++;
    }

    /// <summary>Once for each freeze: who asked for it does not look any more.</summary>
    public void Release() => Interlocked.Decrement(ref _looking);

    /// <summary>Which freeze is of which era is not kept: as long as any is left, nothing from before the last one is changed in place.</summary>
    public bool MayChange(SharedNode node) => node.Owner == this && (node.Era == Era || Volatile.Read(ref _looking) == 0);
}
