using Skerry.State.Clocks;

namespace Skerry.Sync.Protocol;

/// <summary>A peer brought what was not made by the site whose name it bears. Nothing of it was taken.</summary>
/// <param name="Maker">The site whose name it bears.</param>
/// <param name="Bringer">The peer that sent it.</param>
/// <param name="Text">What was wrong with it.</param>
/// <param name="At">When it came last, by this site's clock.</param>
public sealed record Forgery(SiteId Maker, SiteId Bringer, string Text, DateTimeOffset At);

/// <summary>The last forgery of each maker by each bringer since the daemon started; so many, and no more, are kept.</summary>
public sealed class Forgeries
{
    private const int MostKept = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<(SiteId Maker, SiteId Bringer), Forgery> _last = [];

    public IReadOnlyList<Forgery> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _last.Values.OrderBy(f => f.At)];
            }
        }
    }

    internal void Add(Forgery forgery)
    {
        lock (_lock)
        {
            if (_last.Count >= MostKept && !_last.ContainsKey((forgery.Maker, forgery.Bringer)))
            {
                _last.Remove(_last.MinBy(f => f.Value.At).Key);
            }

            _last[(forgery.Maker, forgery.Bringer)] = forgery;
        }
    }
}
