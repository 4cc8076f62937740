using Skerry.Sync;

namespace Skerry.Host.Configuration;

/// <content>The sections [link SITE], one for each peer whose link is not like the others.</content>
internal sealed partial class ConfigurationReader
{
    private const string LinkPrefix = "link ";

    private static readonly string[] LinkKeys = ["SYNC_DELTA", "SYNC_MAX", "bandwidth", "compress"];

    private static bool IsLink(string section) => section.StartsWith(LinkPrefix, StringComparison.Ordinal);

    private SyncOptions Sync(string ownName) => new()
    {
        SyncDelta = Seconds("sync", "SYNC_DELTA", 180, 0, 86_400),
        SyncMax = (int)Number("sync", "SYNC_MAX", 1000, 1, 1_000_000),
        BandwidthBytesPerSecond = LinkRate("sync"),
        Compress = Boolean("sync", "compress", true),
        Links = _file.SectionNames.Where(IsLink).ToDictionary(s => s[LinkPrefix.Length..].Trim(), s => Link(s, ownName), StringComparer.Ordinal),
    };

    private LinkSettings Link(string section, string ownName)
    {
        var name = section[LinkPrefix.Length..].Trim();
        if (!NamePattern().IsMatch(name))
        {
            Mistake(_file.OriginOf(section), $"'{name}' is not a site name; use 1 to 63 lower-case letters, digits and dashes.");
        }
        else if (name == ownName)
        {
            Mistake(_file.OriginOf(section), $"[{section}] names this site itself; name the site at the link's other end.");
        }

        return new LinkSettings
        {
            SyncDelta = Has("SYNC_DELTA") ? Seconds(section, "SYNC_DELTA", 180, 0, 86_400) : null,
            SyncMax = Has("SYNC_MAX") ? (int)Number(section, "SYNC_MAX", 1000, 1, 1_000_000) : null,
            BandwidthBytesPerSecond = Has("bandwidth") ? LinkRate(section) ?? SyncOptions.Unlimited : null,
            Compress = Has("compress") ? Boolean(section, "compress", true) : null,
        };

        bool Has(string key) => Text(section, key) is not null;
    }

    /// <summary>Null for no bound.</summary>
    private long? LinkRate(string section)
    {
        if (Text(section, "bandwidth") is not { } text)
        {
            return null;
        }

        if (!TryRate(text, out var rate))
        {
            MistakeAt(section, "bandwidth", $"'{text}' is not understood; write a rate such as 200KB/s, or unlimited.");
        }
        else if (rate < 1024)
        {
            MistakeAt(section, "bandwidth", $"'{text}' is less than 1KiB/s, which is the least; to stop a link: skerry site disconnect.");
        }

        return rate;
    }
}
