namespace Skerry.Blocks.Log;

/// <summary>Which map files a checkpoint needs, and where the next node goes.</summary>
/// <param name="First">The lowest file that any node is in.</param>
/// <param name="Current">The file that is appended to; below <paramref name="First"/> before there is one.</param>
/// <param name="EndBytes">Where it ends; what may stand behind was never part of a checkpoint.</param>
/// <param name="RewrittenBytes">What all nodes took when they were last written all at once.</param>
/// <param name="AppendedBytes">What was written since: at most so much is no longer used.</param>
internal readonly record struct MapFilesMark(long First, long Current, long EndBytes, long RewrittenBytes, long AppendedBytes)
{
    public static MapFilesMark None => new(1, 0, 0, 0, 0);

    /// <summary>A node that has this address needs not be written again.</summary>
    public bool Holds(ulong address) => address != 0 && MapFile.FileOf(address) >= First;
}
