using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Skerry.State.Storage.Redis;

/// <summary>
/// Where a site's state lies in a Redis: <c>redis://[[user]:password@]host[:port][/database][?prefix=TEXT]</c>, or <c>rediss://</c> for
/// TLS, there also <c>ca=FILE</c>. Parts are percent-encoded where they hold signs that mean something in a URL.
/// </summary>
/// <param name="Host">Name or address.</param>
/// <param name="Port">Default 6379.</param>
/// <param name="Tls">The server proves itself by a certificate for <paramref name="Host"/>.</param>
/// <param name="User">Null: the default user.</param>
/// <param name="Password">Null: none is asked for.</param>
/// <param name="Database">0 by default.</param>
/// <param name="Prefix">What the names of all keys begin with, so that sites and other programs can share a server.</param>
/// <param name="AuthorityFile">PEM file of the roots that the server's certificate is checked against; null: those of the system.</param>
public sealed record RedisAddress(
    string Host, int Port, bool Tls, string? User, string? Password, int Database, string Prefix, string? AuthorityFile)
{
    private const int DefaultPort = 6379;
    private const int MostDatabase = 1_000_000;

    /// <summary>Reads a URL.</summary>
    /// <param name="text">The URL.</param>
    /// <param name="defaultPrefix">Where the URL names none.</param>
    /// <param name="address">What it says.</param>
    /// <param name="mistake">What is wrong and what to write; holds no secret.</param>
    public static bool TryParse(
        string text, string defaultPrefix, [NotNullWhen(true)] out RedisAddress? address, [NotNullWhen(false)] out string? mistake)
    {
        ArgumentNullException.ThrowIfNull(text);
        address = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("redis" or "rediss") || url.Host.Length == 0)
        {
            mistake = "this is no address of a Redis; write redis://HOST:6379, or redis://:PASSWORD@HOST:6379/0?prefix=skerry: with signs such as @ and / in the password percent-encoded.";
            return false;
        }

        var path = url.AbsolutePath.Trim('/');
        var database = 0;
        if (path.Length > 0 && (!int.TryParse(path, NumberStyles.None, CultureInfo.InvariantCulture, out database) || database > MostDatabase))
        {
            mistake = $"'{path}' is no number of a Redis database; write for example redis://{url.Host}/0.";
            return false;
        }

        var prefix = defaultPrefix;
        string? authority = null;
        foreach (var part in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = part.Split('=', 2) is [var left, var right] ? (left, Uri.UnescapeDataString(right)) : (part, "");
            switch (name)
            {
                case "prefix" when value.Length > 0:
                    prefix = value;
                    break;
                case "ca" when url.Scheme == "rediss" && value.StartsWith('/'):
                    authority = value;
                    break;
                default:
                    mistake = $"'{name}' is not understood there; known are prefix=TEXT and, with rediss://, ca=FILE by its absolute path.";
                    return false;
            }
        }

        var (user, password) = Credentials(url.UserInfo);
        address = new RedisAddress(
            url.Host.Trim('[', ']'), url.Port > 0 ? url.Port : DefaultPort, url.Scheme == "rediss", user, password, database, prefix, authority);
        mistake = null;
        return true;
    }

    /// <summary>For messages: without the password.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Tls ? "rediss" : "redis")}://{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}/{Database} (prefix {Prefix})");

    /// <summary>As other programs read it: what stands alone is the password only behind a colon.</summary>
    private static (string? User, string? Password) Credentials(string userInfo)
    {
        var colon = userInfo.IndexOf(':', StringComparison.Ordinal);
        var user = Uri.UnescapeDataString(colon < 0 ? userInfo : userInfo[..colon]);
        return (user.Length == 0 ? null : user, colon < 0 ? null : Uri.UnescapeDataString(userInfo[(colon + 1)..]));
    }
}
