using System.Globalization;
using System.Text.RegularExpressions;
using Skerry.Movers.Native;

namespace Skerry.Host.Configuration;

/// <content>What transfers may take.</content>
internal sealed partial class ConfigurationReader
{
    private const string BandwidthHelp = "write a rate such as 50MB/s or unlimited, or times of day and one for the rest: 08:00-18:00 10MB/s, else 100MB/s.";

    /// <summary>Slower than this, frames would take longer than a link may be silent.</summary>
    private const long LowestBytesPerSecond = 64 << 10;

    private TransferConfiguration Transfers() => new()
    {
        Bandwidth = Bandwidth("replication", "bandwidth"),
        TransfersAtOnce = (int)Number("replication", "transfers_at_once", 4, 1, 64),
        Packing = PackingOf("replication", "compress"),
        PaceWriters = Boolean("replication", "pace_writers", false),
    };

    private Packing PackingOf(string section, string key) =>
        OneOf(section, key, "auto", "auto", "yes", "true", "on", "1", "no", "false", "off", "0") switch
        {
            "auto" => Packing.WhenQuicker,
            "yes" or "true" or "on" or "1" => Packing.Always,
            _ => Packing.Never,
        };

    private BandwidthPlan Bandwidth(string section, string key)
    {
        var windows = new List<BandwidthWindow>();
        long? rest = null;
        var hasRest = false;
        foreach (var item in List(section, key))
        {
            if (hasRest)
            {
                MistakeAt(section, key, $"'{item}' comes after the rate for all other times, and would never hold; put it before.");
                continue;
            }

            var match = WindowPattern().Match(item);
            if (!match.Success || !TryRate(match.Groups["rate"].Value, out var rate))
            {
                MistakeAt(section, key, $"'{item}' is not understood; {BandwidthHelp}");
            }
            else if (rate < LowestBytesPerSecond)
            {
                MistakeAt(section, key, $"'{item}' is less than 64KiB/s, which is the least; to stop a replication, pause it.");
            }
            else if (match.Groups["from"] is not { Success: true, Value: var from })
            {
                (rest, hasRest) = (rate, true);
            }
            else if (TimeOnly.TryParseExact(from, "H:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var first)
                && TimeOnly.TryParseExact(match.Groups["to"].Value.Replace("24:00", "00:00", StringComparison.Ordinal), "H:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var last))
            {
                windows.Add(new BandwidthWindow(first, last, rate));
            }
            else
            {
                MistakeAt(section, key, $"'{item}' holds a time that is none; they go from 00:00 to 24:00.");
            }
        }

        return new BandwidthPlan(windows, rest);
    }

    private static bool TryRate(string text, out long? bytesPerSecond)
    {
        bytesPerSecond = null;
        if (text == "unlimited")
        {
            return true;
        }

        var match = RatePattern().Match(text);
        if (!match.Success || !double.TryParse(match.Groups["number"].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        var factor = match.Groups["unit"].Value switch
        {
            "K" => 1e3,
            "Ki" => 1 << 10,
            "M" => 1e6,
            "Mi" => 1 << 20,
            "G" => 1e9,
            "Gi" => 1 << 30,
            _ => 1,
        };
        bytesPerSecond = (long)Math.Min(number * factor, 1e15);
        return true;
    }

    [GeneratedRegex(@"^(?:(?<from>\d{1,2}:\d{2})\s*-\s*(?<to>\d{1,2}:\d{2})\s+|else\s+)?(?<rate>\S+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex WindowPattern();

    [GeneratedRegex(@"^(?<number>\d{1,12}(\.\d{1,6})?)(?<unit>K|Ki|M|Mi|G|Gi)?B/s$", RegexOptions.ExplicitCapture)]
    private static partial Regex RatePattern();
}
