namespace Skerry.Blocks.Log;

/// <summary>
/// Keeps the pages of checksums that were used last, up to a bound. Pages with something that is not stored yet are kept beyond it.
/// </summary>
/// <param name="bytes">The bound.</param>
internal sealed class SumsCache(long bytes)
{
    private readonly Lock _lock = new();
    private readonly List<(SumPages Owner, SumPage Page)> _ring = [];
    private readonly int _kept = (int)Math.Clamp(bytes / SumPages.PageBytes, 16, int.MaxValue);
    private int _hand;

    /// <summary>To be called without any lock of <see cref="SumPages"/>.</summary>
    public void Add(SumPages owner, SumPage page)
    {
        lock (_lock)
        {
            if (page.Cached)
            {
                return;
            }

            page.Cached = true;
            if (_ring.Count < _kept)
            {
                _ring.Add((owner, page));
                return;
            }

            // Second chance: whoever was used since the hand came by stays for another round.
            for (var steps = 2 * _ring.Count; steps > 0; steps--)
            {
                _hand = (_hand + 1) % _ring.Count;
                var (victimOwner, victim) = _ring[_hand];
                if (!victim.Used && victimOwner.Drop(victim))
                {
                    victim.Cached = false;
                    _ring[_hand] = (owner, page);
                    return;
                }

                victim.Used = false;
            }

            _ring.Add((owner, page));
        }
    }

    /// <summary>Forgets pages of a file that is gone.</summary>
    public void Remove(SumPages owner)
    {
        lock (_lock)
        {
            _ring.RemoveAll(entry => entry.Owner == owner);
            _hand = 0;
        }
    }
}
