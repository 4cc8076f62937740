using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Skerry.Host.Wiring;

namespace Skerry.Host.Configuration;

/// <summary>Turns a file and the environment into a <see cref="SiteConfiguration"/>, or into every mistake that they hold.</summary>
/// <remarks>The environment goes before a <c>.env</c> file, which goes before the configuration file.</remarks>
internal sealed partial class ConfigurationReader
{
    private const string Prefix = "SKERRY_";

    /// <summary>Settings that may also be given as a plain environment variable.</summary>
    private static readonly string[] PlainVariables = ["SYNC_DELTA", "SYNC_MAX", "CLOCK_OFFSET"];

    private static readonly Dictionary<string, string[]> KnownKeys = new(StringComparer.Ordinal)
    {
        ["site"] =
        [
            "name", "region", "role", "data_dir", "listen", "api_url", "insecure", "sync_listen", "sync_advertise", "nbd_listen", "log_level",
            "nbd_socket", "nbd_tls", "nbd_tls_certificate", "nbd_tls_key", "nbd_tls_client_ca", "nbd_tls_client_pins", "nbd_tls_clients",
            "nbd_max_connections", "nbd_max_connections_per_export", "nbd_idle_timeout",
        ],
        ["identity"] = ["admin_password", "token_lifetime"],
        ["sync"] = ["peers", "SYNC_DELTA", "SYNC_MAX", "CLOCK_OFFSET", "clock_limit", "bandwidth", "compress"],
        ["sites"] = ["witnesses", "quorum", "failed_after"],
        ["store"] = ["url"],
        ["replication"] = ["lease", "fence_command", "fence_timeout", "trash_time", "behind_after", "bandwidth", "transfers_at_once", "compress", "pace_writers"],
        ["test"] = ["kill_at"],
    };

    private static readonly string[] BackendKeys = ["volume_driver", "directory", "capacity_gib", "valid_replication_devices", "scrub_interval", "scrub_rate"];

    private readonly List<ConfigurationMistake> _mistakes = [];
    private IniFile _file = new();

    /// <summary>Exactly one of the two is empty.</summary>
    public static (SiteConfiguration? Configuration, IReadOnlyList<ConfigurationMistake> Mistakes) Read(
        string text, IReadOnlyDictionary<string, string> environment, IReadOnlyDictionary<string, string> dotEnv)
    {
        var reader = new ConfigurationReader();
        var configuration = reader.ReadAll(text, environment, dotEnv);
        return reader._mistakes.Count == 0 ? (configuration, []) : (null, reader._mistakes);
    }

    private SiteConfiguration ReadAll(
        string text, IReadOnlyDictionary<string, string> environment, IReadOnlyDictionary<string, string> dotEnv)
    {
        _file = IniFile.Parse(text, _mistakes);
        Overlay(dotEnv, "variable {0} of .env");
        Overlay(environment, "environment variable {0}");
        RefuseUnknown();

        var name = SiteName();
        var dataDirectory = Absolute("site", "data_dir", null) ?? "/";
        var insecure = Boolean("site", "insecure", false);
        var listen = Listen(insecure);
        var nbdListen = EndPoint("site", "nbd_listen", "127.0.0.1:10809");
        var syncListen = EndPoint("site", "sync_listen", "0.0.0.0:8777");
        return new SiteConfiguration
        {
            Name = name,
            Region = Text("site", "region") ?? name,
            Role = OneOf("site", "role", "edge", "edge", "hub"),
            DataDirectory = dataDirectory,
            Listen = listen,
            Insecure = insecure,
            ApiUrl = Url("site", "api_url") ?? Reachable(listen),
            SyncListen = syncListen,
            SyncAdvertise = HostAndPort("site", "sync_advertise") ?? $"{ReachableHost(syncListen.Address)}:{syncListen.Port}",
            NbdListen = nbdListen,
            Nbd = Nbd(nbdListen, insecure),
            LogLevel = Enum.Parse<LogLevel>(
                OneOf("site", "log_level", "information", "trace", "debug", "information", "warning", "error"), ignoreCase: true),
            AdminPassword = Text("identity", "admin_password"),
            TokenLifetime = Seconds("identity", "token_lifetime", 3600, 60, 604_800),
            Peers = Peers(),
            Sync = Sync(name),
            ClockOffset = Seconds("sync", "CLOCK_OFFSET", 0, 0, 600),
            ClockLimit = Seconds("sync", "clock_limit", 600, 1, 86_400),
            Store = Store(dataDirectory, name),
            Replication = Replication(),
            Witnesses = Witnesses(),
            KillAt = KillAt(),
            Transfers = Transfers(),
            Webhooks = [.. _file.SectionNames.Where(IsWebhook).Select(s => Webhook(s, insecure))],
            Backends = [.. _file.SectionNames.Where(s => !KnownKeys.ContainsKey(s) && !IsWebhook(s) && !IsLink(s)).Select(s => Backend(s, dataDirectory))],
        };
    }

    private void Overlay(IReadOnlyDictionary<string, string> variables, string origin)
    {
        foreach (var (variable, value) in variables.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            var setting = new Setting(value.Trim(), string.Format(CultureInfo.InvariantCulture, origin, variable));
            if (PlainVariables.Contains(variable))
            {
                _file.Set("sync", variable, setting);
                continue;
            }

            var parts = variable.StartsWith(Prefix, StringComparison.Ordinal) ? variable[Prefix.Length..].Split("__", 2) : [];
            if (parts.Length != 2 || parts[0].Length == 0 || parts[1].Length == 0)
            {
                continue;
            }

            // Variables are upper case; sections and keys are not, and a dash cannot stand in a variable's name.
            var section = _file.SectionNames.Concat(KnownKeys.Keys)
                .FirstOrDefault(s => Same(s, parts[0])) ?? parts[0].ToLowerInvariant();
            foreach (var prefix in new[] { WebhookPrefix, LinkPrefix })
            {
                var asVariable = prefix.Replace(' ', '_');
                if (section.StartsWith(asVariable, StringComparison.Ordinal))
                {
                    section = prefix + section[asVariable.Length..].Replace('_', '-');
                }
            }

            var known = IsWebhook(section) ? WebhookKeys : IsLink(section) ? LinkKeys : KnownKeys.GetValueOrDefault(section, BackendKeys);
            _file.Set(section, known.FirstOrDefault(k => Same(k, parts[1])) ?? parts[1].ToLowerInvariant(), setting);
        }

        static bool Same(string name, string variable) =>
            string.Equals(name.Replace('-', '_').Replace(' ', '_'), variable.Replace('-', '_'), StringComparison.OrdinalIgnoreCase);
    }

    private void RefuseUnknown()
    {
        foreach (var section in _file.SectionNames)
        {
            var settings = _file.Section(section);
            if (IsWebhook(section))
            {
                RefuseUnknown(settings, section, WebhookKeys);
                continue;
            }

            if (IsLink(section))
            {
                RefuseUnknown(settings, section, LinkKeys);
                continue;
            }

            if (!KnownKeys.TryGetValue(section, out var known))
            {
                known = BackendKeys;
                if (!settings.ContainsKey("volume_driver"))
                {
                    Mistake(_file.OriginOf(section),
                        $"[{section}] is no known section ({string.Join(", ", KnownKeys.Keys)}, webhook NAME, link SITE), and no backend either, for it has no volume_driver.");
                    continue;
                }
            }

            RefuseUnknown(settings, section, known);
        }
    }

    private void RefuseUnknown(IReadOnlyDictionary<string, Setting> settings, string section, string[] known)
    {
        foreach (var (key, setting) in settings.Where(s => !known.Contains(s.Key)))
        {
            var near = known.MinBy(k => Distance(k, key))!;
            var hint = Distance(near, key) <= 2 ? $"did you mean '{near}'?" : $"known are: {string.Join(", ", known)}.";
            Mistake(setting.Origin, $"'{key}' is not a setting of [{section}]; {hint}");
        }
    }

    private string SiteName()
    {
        var name = Required("site", "name");
        if (name.Length > 0 && !NamePattern().IsMatch(name))
        {
            MistakeAt("site", "name", $"'{name}' is not a site name; use 1 to 63 lower-case letters, digits and dashes, beginning with a letter or digit.");
        }

        return name;
    }

    private Uri Listen(bool insecure)
    {
        var listen = Url("site", "listen") ?? new Uri("http://127.0.0.1:8776");
        if (!IPAddress.TryParse(listen.Host, out var address) && listen.Host != "localhost")
        {
            MistakeAt("site", "listen", $"'{listen.Host}' is not an IP address; write for example https://0.0.0.0:8776.");
        }
        else if (listen.Scheme == "http" && !insecure && address is not null && !IPAddress.IsLoopback(address))
        {
            MistakeAt("site", "listen", $"plain http on {listen.Host} would show passwords to the network; use https, listen on 127.0.0.1, or set insecure = true.");
        }

        return listen;
    }

    private List<string> Peers()
    {
        var peers = new List<string>();
        foreach (var peer in List("sync", "peers"))
        {
            var text = peer.Contains("://", StringComparison.Ordinal) ? peer : $"https://{peer}";
            if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == "https" && url.Host.Length > 0)
            {
                peers.Add($"{url.Host}:{(url.IsDefaultPort ? 8777 : url.Port)}");
            }
            else
            {
                MistakeAt("sync", "peers", $"'{peer}' is not the address of a site; write https://HOST:PORT, separated by commas.");
            }
        }

        return peers;
    }

    private KillAt? KillAt()
    {
        if (Text("test", "kill_at") is not { } text)
        {
            return null;
        }

        var parts = text.Split(':');
        var times = 1;
        if (parts.Length <= 2 && Wiring.KillAt.Moments.Contains(parts[0])
            && (parts.Length == 1 || (int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out times) && times > 0)))
        {
            return new KillAt(parts[0], times);
        }

        MistakeAt("test", "kill_at", $"'{text}' is no moment; write one of {string.Join(", ", Wiring.KillAt.Moments)}, perhaps with ':3' for the third time.");
        return null;
    }

    private BackendConfiguration Backend(string name, string dataDirectory)
    {
        var driver = Text(name, "volume_driver") ?? "native";
        if (driver != "native")
        {
            MistakeAt(name, "volume_driver", $"'{driver}' is not a driver; there is: native.");
        }

        if (!NamePattern().IsMatch(name))
        {
            Mistake(_file.OriginOf(name), $"'{name}' is not a backend name; use 1 to 63 lower-case letters, digits and dashes.");
        }

        var capacity = _file.Section(name).ContainsKey("capacity_gib") ? Number(name, "capacity_gib", 1, 1, 1L << 30) << 30 : (long?)null;
        var targets = new List<string>();
        foreach (var device in List(name, "valid_replication_devices"))
        {
            if (device.StartsWith("backend=", StringComparison.Ordinal) && device.Count(c => c == '@') == 1)
            {
                targets.Add(device["backend=".Length..]);
            }
            else
            {
                MistakeAt(name, "valid_replication_devices", device.StartsWith("remote_device=", StringComparison.Ordinal)
                    ? "remote devices need the rsync mover, which is not built yet; write 'backend=SITE@BACKEND'."
                    : $"'{device}' is not a replication device; write 'backend=SITE@BACKEND'.");
            }
        }

        return new(name, driver, Absolute(name, "directory", Path.Combine(dataDirectory, "backends", name))!, capacity, targets)
        {
            ScrubInterval = Seconds(name, "scrub_interval", 604_800, 0, 31_536_000),
            ScrubBytesPerSecond = Number(name, "scrub_rate", 8, 1, 1 << 20) << 20,
        };
    }

    private static Uri Reachable(Uri listen) =>
        IPAddress.TryParse(listen.Host.Trim('[', ']'), out var address)
            ? new UriBuilder(listen) { Host = ReachableHost(address) }.Uri
            : listen;

    private static string ReachableHost(IPAddress address) =>
        address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? Dns.GetHostName()
        : address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]"
        : address.ToString();

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,62}$")]
    private static partial Regex NamePattern();
}
