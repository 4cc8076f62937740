using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Skerry.Cli;

/// <summary>Lengths of time as people write them: 90, 90s, 15m, 1h30m, 2d.</summary>
internal static partial class Span
{
    /// <summary>In seconds; null when it is none.</summary>
    public static long? Parse(string text)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var plain))
        {
            return plain;
        }

        var match = Pattern().Match(text);
        if (!match.Success || text.Length == 0)
        {
            return null;
        }

        long total = 0;
        foreach (var (group, unit) in (ReadOnlySpan<(string, long)>)[("d", 86400), ("h", 3600), ("m", 60), ("s", 1)])
        {
            if (match.Groups[group].Success)
            {
                total += long.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture) * unit;
            }
        }

        return total;
    }

    /// <summary>An option's, in seconds; null when it is not given.</summary>
    /// <exception cref="UsageException">It is none, or nothing long.</exception>
    public static long? Of(Invocation invocation, Option<string> option, string examples) =>
        invocation.Get(option) is not { } text ? null
        : Parse(text) is > 0 and var seconds ? seconds
        : throw new UsageException($"{option.Name} {text} is not a length of time.", examples);

    [GeneratedRegex("^(?:(?<d>[0-9]{1,5})d)?(?:(?<h>[0-9]{1,6})h)?(?:(?<m>[0-9]{1,7})m)?(?:(?<s>[0-9]{1,8})s)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
