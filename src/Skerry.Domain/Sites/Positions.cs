using System.Globalization;
using Skerry.State.Clocks;

namespace Skerry.Domain.Sites;

/// <summary>Positions of one site's incarnations as they are written in fields: 16 hexadecimal digits, and the last sequence number.</summary>
internal static class Positions
{
    public static SortedDictionary<string, long> Of(IEnumerable<Dot> dots)
    {
        var positions = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var dot in dots)
        {
            positions[NameOf(dot.Incarnation)] = Math.Max(dot.Sequence, positions.GetValueOrDefault(NameOf(dot.Incarnation)));
        }

        return positions;
    }

    /// <summary>As dots of the site; what cannot be read is left out.</summary>
    public static IEnumerable<Dot> ToDots(this IReadOnlyDictionary<string, long> positions, SiteId site)
    {
        foreach (var (name, sequence) in positions)
        {
            if (ulong.TryParse(name, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var incarnation) && sequence > 0)
            {
                yield return new Dot(site, incarnation, sequence);
            }
        }
    }

    public static bool Covers(this IReadOnlyDictionary<string, long> positions, Dot dot) =>
        positions.GetValueOrDefault(NameOf(dot.Incarnation)) >= dot.Sequence;

    public static bool AreSame(IReadOnlyDictionary<string, long> one, IReadOnlyDictionary<string, long> other) =>
        one.Count == other.Count && one.All(p => other.TryGetValue(p.Key, out var value) && value == p.Value);

    public static string NameOf(ulong incarnation) => incarnation.ToString("x16", CultureInfo.InvariantCulture);
}
