using System.Globalization;

namespace Skerry.State.Clocks;

/// <summary>Names a site for ever: 64 random bits made once, at the site's first start. Printed as 16 hexadecimal digits.</summary>
public readonly record struct SiteId(ulong Value) : IComparable<SiteId>
{
    /// <summary>Draws an id. Never zero, so that an unset id is told apart from every real one.</summary>
    public static SiteId Create(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        ulong value;
        do
        {
            value = unchecked((ulong)random.NextInt64(long.MinValue, long.MaxValue));
        }
        while (value == 0);

        return new SiteId(value);
    }

    /// <exception cref="FormatException">The text is not 16 hexadecimal digits.</exception>
    public static SiteId Parse(string text) =>
        TryParse(text, out var site) ? site : throw new FormatException($"'{text}' is not a site id: give 16 hexadecimal digits.");

    public static bool TryParse(string? text, out SiteId site)
    {
        var ok = ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && text!.Length == 16;
        site = ok ? new SiteId(value) : default;
        return ok;
    }

    public int CompareTo(SiteId other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);

    public static bool operator <(SiteId left, SiteId right) => left.Value < right.Value;
    public static bool operator >(SiteId left, SiteId right) => left.Value > right.Value;
    public static bool operator <=(SiteId left, SiteId right) => left.Value <= right.Value;
    public static bool operator >=(SiteId left, SiteId right) => left.Value >= right.Value;
}
