namespace Skerry.Movers.Native;

/// <summary>
/// Which content is worth packing: after a piece that did not become shorter the next ones go as they are, twice as many each time, and
/// one is tried again after that. So what cannot be packed costs little, and a disk's change of content is noticed.
/// </summary>
internal sealed class PackingChoice
{
    private const int MostSkipped = 64;

    private int _skipping;
    private int _skipNext = 1;

    public bool IsWorthTrying => _skipping == 0 || --_skipping == 0;

    public void Tried(bool becameShorter)
    {
        if (becameShorter)
        {
            (_skipping, _skipNext) = (0, 1);
            return;
        }

        // One more, since the next try is the one that ends the skipping.
        _skipping = _skipNext + 1;
        _skipNext = Math.Min(MostSkipped, _skipNext * 2);
    }
}
