using System.Globalization;

namespace Skerry.Blocks.Tool;

/// <summary>Sizes as people write and read them; units are powers of 1024.</summary>
internal static class ByteSize
{
    private const string Units = "KMGTP";

    /// <summary>4096, 512K, 10G, 10GiB.</summary>
    public static long Parse(string text)
    {
        var digits = text.Length;
        while (digits > 0 && !char.IsAsciiDigit(text[digits - 1]))
        {
            digits--;
        }

        var unit = text[digits..].ToUpperInvariant().Replace("IB", "", StringComparison.Ordinal);
        var power = unit is "" or "B" ? 0 : unit.Length == 1 ? Units.IndexOf(unit[0], StringComparison.Ordinal) + 1 : 0;
        if ((unit is not ("" or "B") && power == 0)
            || !long.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > long.MaxValue >> (10 * power))
        {
            throw new UsageException($"'{text}' is no size. Write bytes, or a whole number with K, M, G or T: 10G");
        }

        return number << (10 * power);
    }

    public static string Text(long bytes)
    {
        var (number, unit) = ((double)bytes, -1);
        while (number >= 1024 && unit + 1 < Units.Length)
        {
            (number, unit) = (number / 1024, unit + 1);
        }

        return unit < 0 ? $"{bytes} B" : string.Create(CultureInfo.InvariantCulture, $"{number:0.##} {Units[unit]}iB");
    }
}
