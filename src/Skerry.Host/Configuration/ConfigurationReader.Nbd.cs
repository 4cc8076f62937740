using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Skerry.Host.Configuration;

/// <content>How volumes are served, and to whom.</content>
internal sealed partial class ConfigurationReader
{
    private NbdConfiguration Nbd(IPEndPoint listen, bool insecure)
    {
        var isLocal = IPAddress.IsLoopback(listen.Address);
        var tls = Enum.Parse<NbdTlsMode>(OneOf("site", "nbd_tls", isLocal ? "off" : "require", "off", "on", "require"), ignoreCase: true);
        if (tls != NbdTlsMode.Require && !isLocal && !insecure)
        {
            MistakeAt("site", "nbd_tls", $"disks on {listen.Address} without TLS would show their content and their secrets to the network; use require, listen on 127.0.0.1, or set insecure = true.");
        }

        var certificate = OptionalPath("nbd_tls_certificate");
        var key = OptionalPath("nbd_tls_key");
        if ((certificate is null) != (key is null))
        {
            MistakeAt("site", certificate is null ? "nbd_tls_key" : "nbd_tls_certificate", "nbd_tls_certificate and nbd_tls_key are given together, or neither for the site's own.");
        }

        var authority = OptionalPath("nbd_tls_client_ca");
        var pins = Pins();
        var requires = OneOf("site", "nbd_tls_clients", "optional", "optional", "require") == "require";
        if (requires && authority is null && pins.Count == 0)
        {
            MistakeAt("site", "nbd_tls_clients", "to require certificates of clients takes nbd_tls_client_ca or nbd_tls_client_pins to check them against.");
        }

        if (requires && tls != NbdTlsMode.Require)
        {
            MistakeAt("site", "nbd_tls_clients", "whoever connects without TLS shows no certificate; set nbd_tls = require too.");
        }

        if (tls == NbdTlsMode.Off)
        {
            foreach (var unused in new[] { "nbd_tls_certificate", "nbd_tls_key", "nbd_tls_client_ca", "nbd_tls_client_pins" }.Where(k => Text("site", k) is not null))
            {
                MistakeAt("site", unused, "has no effect while nbd_tls is off; set nbd_tls = on or require.");
            }
        }

        var idle = Seconds("site", "nbd_idle_timeout", 0, 0, 31_536_000);
        return new NbdConfiguration
        {
            SocketPath = SocketPath("nbd_socket"),
            Tls = tls,
            CertificateFile = certificate,
            KeyFile = key,
            ClientAuthorityFile = authority,
            ClientPins = pins,
            RequiresClientCertificate = requires,
            MaxConnections = (int)Number("site", "nbd_max_connections", 512, 1, 100_000),
            MaxConnectionsPerExport = (int)Number("site", "nbd_max_connections_per_export", 64, 1, 100_000),
            IdleTimeout = idle == TimeSpan.Zero ? null : idle,
        };
    }

    private List<string> Pins()
    {
        var pins = new List<string>();
        foreach (var item in List("site", "nbd_tls_client_pins"))
        {
            var pin = item.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();
            if (PinPattern().IsMatch(pin))
            {
                pins.Add(pin);
            }
            else
            {
                MistakeAt("site", "nbd_tls_client_pins", $"'{item}' is not the SHA-256 of a certificate; `openssl x509 -noout -fingerprint -sha256` prints it.");
            }
        }

        return pins;
    }

    /// <summary>A socket's address has room for so much, less the zero that ends it.</summary>
    private string? SocketPath(string key)
    {
        const int mostBytes = 107;
        var path = OptionalPath(key);
        if (path is not null && Encoding.UTF8.GetByteCount(path) > mostBytes)
        {
            MistakeAt("site", key, $"'{path}' has {Encoding.UTF8.GetByteCount(path)} bytes; the path of a UNIX socket has at most {mostBytes}.");
        }

        return path;
    }

    private string? OptionalPath(string key) => Text("site", key) is null ? null : Absolute("site", key, null);

    [GeneratedRegex("^[0-9a-f]{64}$")]
    private static partial Regex PinPattern();
}
