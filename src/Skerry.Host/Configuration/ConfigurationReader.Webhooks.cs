using Skerry.Domain.Events;
using Skerry.Host.Webhooks;

namespace Skerry.Host.Configuration;

/// <content>The sections [webhook NAME], one for each endpoint.</content>
internal sealed partial class ConfigurationReader
{
    private const string WebhookPrefix = "webhook ";

    /// <summary>As the Standard Webhooks specification has it.</summary>
    private const string SecretPrefix = "whsec_";

    private const int LeastSecretBytes = 24, MostSecretBytes = 64;

    private static readonly string[] WebhookKeys = ["url", "secret", "secret_file", "events", "timeout"];

    private static bool IsWebhook(string section) => section.StartsWith(WebhookPrefix, StringComparison.Ordinal);

    private WebhookEndpoint Webhook(string section, bool insecure)
    {
        var name = section[WebhookPrefix.Length..].Trim();
        if (!NamePattern().IsMatch(name))
        {
            Mistake(_file.OriginOf(section), $"'{name}' is not the name of a webhook; use 1 to 63 lower-case letters, digits and dashes.");
        }

        return new WebhookEndpoint(
            name, WebhookUrl(section, insecure), Secrets(section), WebhookKinds(section),
            Length(section, "timeout", TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)));
    }

    private Uri WebhookUrl(string section, bool insecure)
    {
        var text = Required(section, "url");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
        {
            if (text.Length > 0)
            {
                MistakeAt(section, "url", "it is not a URL; write for example https://alerts.example/skerry.");
            }

            return new Uri("https://localhost");
        }

        if (url.UserInfo.Length > 0 || url.Fragment.Length > 0)
        {
            MistakeAt(section, "url", $"its {(url.UserInfo.Length > 0 ? "user and password" : "fragment")} would not be sent; the receiver knows deliveries by their signature.");
        }

        if (url.Scheme == "http" && !insecure && !url.IsLoopback)
        {
            MistakeAt(section, "url", $"plain http to {url.Host} would show events to the network; use https, or set insecure = true in [site].");
        }

        return url;
    }

    /// <summary>Given here or in a file: one, or several of which each signs.</summary>
    private List<ReadOnlyMemory<byte>> Secrets(string section)
    {
        var key = Text(section, "secret") is not null ? "secret" : "secret_file";
        if (Text(section, "secret") is not null == (Text(section, "secret_file") is not null))
        {
            MistakeAt(section, key, Text(section, "secret") is not null
                ? "secret and secret_file are both given; give one of them."
                : $"[{section}] needs 'secret' or 'secret_file', to sign deliveries with.");
            return [];
        }

        var texts = key == "secret" ? List(section, key) : SecretsOfFile(section);
        var secrets = new List<ReadOnlyMemory<byte>>();
        foreach (var text in texts ?? [])
        {
            // Never repeated in a message: it is a secret though it is a wrong one.
            var bytes = new byte[text.Length];
            if (text.StartsWith(SecretPrefix, StringComparison.Ordinal) && Convert.TryFromBase64String(text[SecretPrefix.Length..], bytes, out var length)
                && length is >= LeastSecretBytes and <= MostSecretBytes)
            {
                secrets.Add(bytes.AsMemory(0, length));
            }
            else
            {
                MistakeAt(section, key, $"a secret is {SecretPrefix} and the base64 of {LeastSecretBytes} to {MostSecretBytes} bytes; `echo {SecretPrefix}$(openssl rand -base64 32)` makes one.");
            }
        }

        if (texts is { Count: 0 })
        {
            MistakeAt(section, key, "it holds no secret.");
        }

        return secrets;
    }

    private List<string>? SecretsOfFile(string section)
    {
        const string key = "secret_file";
        var path = Absolute(section, key, null)!;
        try
        {
            if ((File.GetUnixFileMode(path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0)
            {
                MistakeAt(section, key, $"{path} can be read or written by every user of this machine; chmod o-rw it.");
            }

            return [.. File.ReadAllLines(path).Select(l => l.Trim()).Where(l => l.Length > 0)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            MistakeAt(section, key, $"{path} cannot be read: {e.Message}");
            return null;
        }
    }

    private HashSet<string> WebhookKinds(string section)
    {
        var kinds = List(section, "events");
        foreach (var kind in kinds.Where(k => !EventKinds.Noted.Contains(k)))
        {
            MistakeAt(section, "events", kind == EventKinds.Transfer
                ? $"'{kind}' is listed by `skerry event list` and never posted: there may be thousands an hour."
                : $"there is no kind of event '{kind}'; the kinds are {string.Join(", ", EventKinds.Noted)}.");
        }

        return [.. kinds.Count == 0 ? EventKinds.Noted : kinds];
    }
}
