using System.Collections.Frozen;
using Skerry.State.Clocks;

namespace Skerry.Sync.Transport;

/// <summary>A site that may prove itself to this one, and how it is reached.</summary>
/// <param name="Site">The site.</param>
/// <param name="Name">For messages.</param>
/// <param name="CertificatePin">SHA-256 of its certificate: 64 lower-case hexadecimal digits.</param>
/// <param name="Address">HOST:PORT to dial; null when the peer dials.</param>
/// <param name="MaySync">A link is configured and nobody took it down; else the site is only known by its pin.</param>
/// <param name="Refusal">Why it may not sync, for the peer to read; null when it may.</param>
/// <param name="NextPin">Of the certificate that is to take the place of that one, which proves the site already; null when there is none.</param>
public sealed record PeerTarget(
    SiteId Site, string Name, string CertificatePin, string? Address, bool MaySync, string? Refusal, string? NextPin = null)
{
    /// <summary>The certificate with this pin proves the site.</summary>
    public bool Accepts(string pin) => pin == CertificatePin || pin == NextPin;

    internal IEnumerable<string> Pins => NextPin is null || NextPin == CertificatePin ? [CertificatePin] : [CertificatePin, NextPin];
}

/// <summary>Which certificate proves which site. Swapped whole; readers see one state or the next.</summary>
public sealed class PinTable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, CancellationTokenSource> _proven = new(StringComparer.Ordinal);
    private volatile Tables _tables = Tables.Of([]);

    public IReadOnlyList<PeerTarget> Targets => _tables.Targets;

    public void Set(IReadOnlyList<PeerTarget> targets)
    {
        List<CancellationTokenSource> ended = [];
        lock (_lock)
        {
            _tables = Tables.Of(targets);
            foreach (var pin in _proven.Keys.Where(pin => FindByPin(pin) is null).ToList())
            {
                _proven.Remove(pin, out var over);
                ended.Add(over!);
            }
        }

        // Outside the lock: whoever listens may ask the table.
        foreach (var over in ended)
        {
            over.Cancel();
        }
    }

    /// <summary>Cancelled when the certificate with this pin ceases to prove a site: it was replaced, or the site was revoked.</summary>
    public CancellationToken WhileProven(string pin)
    {
        lock (_lock)
        {
            if (FindByPin(pin) is null)
            {
                return new CancellationToken(canceled: true);
            }

            if (!_proven.TryGetValue(pin, out var over))
            {
                _proven.Add(pin, over = new CancellationTokenSource());
            }

            return over.Token;
        }
    }

    public PeerTarget? Find(SiteId site) => _tables.BySite.GetValueOrDefault(site);

    /// <summary>The site that the certificate with this pin proves; null for a foreign one.</summary>
    public PeerTarget? FindByPin(string pin) => _tables.ByPin.GetValueOrDefault(pin);

    private sealed record Tables(
        IReadOnlyList<PeerTarget> Targets,
        FrozenDictionary<SiteId, PeerTarget> BySite,
        FrozenDictionary<string, PeerTarget> ByPin)
    {
        public static Tables Of(IReadOnlyList<PeerTarget> targets) => new(
            [.. targets],
            targets.ToFrozenDictionary(t => t.Site),

            // Two sites with one certificate would be a copied data directory; neither may speak for the other.
            targets.SelectMany(t => t.Pins.Select(pin => (Pin: pin, Target: t)))
                .GroupBy(p => p.Pin, StringComparer.Ordinal)
                .Where(g => g.Count() == 1)
                .ToFrozenDictionary(g => g.Key, g => g.First().Target, StringComparer.Ordinal));
    }
}
