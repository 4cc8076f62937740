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
public sealed record PeerTarget(
    SiteId Site, string Name, string CertificatePin, string? Address, bool MaySync, string? Refusal);

/// <summary>Which certificate proves which site. Swapped whole; readers see one state or the next.</summary>
public sealed class PinTable
{
    private volatile Tables _tables = Tables.Of([]);

    public IReadOnlyList<PeerTarget> Targets => _tables.Targets;

    public void Set(IReadOnlyList<PeerTarget> targets) => _tables = Tables.Of(targets);

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
            targets.GroupBy(t => t.CertificatePin, StringComparer.Ordinal)
                .Where(g => g.Count() == 1)
                .ToFrozenDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal));
    }
}
