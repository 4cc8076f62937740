using System.Globalization;
using System.Net;

namespace Skerry.Host.Configuration;

/// <content>Reading one value: each says what it takes when the value is not of its kind, and goes on with the default.</content>
internal sealed partial class ConfigurationReader
{
    private string? Text(string section, string key) =>
        _file.Section(section).TryGetValue(key, out var setting) && setting.Value.Length > 0 ? setting.Value : null;

    private string Required(string section, string key)
    {
        if (Text(section, key) is { } text)
        {
            return text;
        }

        MistakeAt(section, key, $"[{section}] needs '{key}'.");
        return "";
    }

    private string OneOf(string section, string key, string fallback, params string[] allowed)
    {
        var text = Text(section, key) ?? fallback;
        if (!allowed.Contains(text))
        {
            MistakeAt(section, key, $"'{text}' is not one of {string.Join(", ", allowed)}.");
            return fallback;
        }

        return text;
    }

    private bool Boolean(string section, string key, bool fallback)
    {
        switch (Text(section, key)?.ToLowerInvariant())
        {
            case null:
                return fallback;
            case "true" or "yes" or "on" or "1":
                return true;
            case "false" or "no" or "off" or "0":
                return false;
            default:
                MistakeAt(section, key, $"'{Text(section, key)}' is neither true nor false.");
                return fallback;
        }
    }

    private long Number(string section, string key, long fallback, long lowest, long highest)
    {
        var text = Text(section, key);
        if (text is null)
        {
            return fallback;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= lowest && number <= highest)
        {
            return number;
        }

        MistakeAt(section, key, $"'{text}' is not a whole number from {lowest} to {highest}.");
        return fallback;
    }

    private TimeSpan Seconds(string section, string key, double fallback, double lowest, double highest)
    {
        var text = Text(section, key);
        if (text is null)
        {
            return TimeSpan.FromSeconds(fallback);
        }

        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number >= lowest && number <= highest)
        {
            return TimeSpan.FromSeconds(number);
        }

        MistakeAt(section, key, $"'{text}' is not a number of seconds from {lowest} to {highest}.");
        return TimeSpan.FromSeconds(fallback);
    }

    private string? Absolute(string section, string key, string? fallback)
    {
        var text = Text(section, key);
        if (text is null && fallback is null)
        {
            MistakeAt(section, key, $"[{section}] needs '{key}'.");
        }
        else if (text is not null && !Path.IsPathRooted(text))
        {
            MistakeAt(section, key, $"'{text}' is not an absolute path.");
            return Path.GetFullPath(text, "/");
        }

        return text ?? fallback;
    }

    private Uri? Url(string section, string key)
    {
        var text = Text(section, key);
        if (text is null)
        {
            return null;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.PathAndQuery == "/")
        {
            return url;
        }

        MistakeAt(section, key, $"'{text}' is not a URL; write https://ADDRESS:PORT.");
        return null;
    }

    private IPEndPoint EndPoint(string section, string key, string fallback)
    {
        var text = Text(section, key) ?? fallback;
        if (IPEndPoint.TryParse(text, out var endPoint) && text.Contains(':', StringComparison.Ordinal))
        {
            return endPoint;
        }

        MistakeAt(section, key, $"'{text}' is not ADDRESS:PORT, for example {fallback}.");
        return IPEndPoint.Parse(fallback);
    }

    private string? HostAndPort(string section, string key)
    {
        var text = Text(section, key);
        if (text is null || (Uri.TryCreate($"https://{text}", UriKind.Absolute, out var url) && url.Authority == text && !url.IsDefaultPort))
        {
            return text;
        }

        MistakeAt(section, key, $"'{text}' is not HOST:PORT.");
        return null;
    }

    /// <summary>Items separated by commas; quotes keep the commas inside them.</summary>
    private List<string> List(string section, string key)
    {
        var items = new List<string>();
        var item = new System.Text.StringBuilder();
        var quote = '\0';
        foreach (var c in Text(section, key) ?? "")
        {
            if (quote == '\0' && c is '\'' or '"' && item.ToString().Trim().Length == 0)
            {
                quote = c;
            }
            else if (c == quote && quote != '\0')
            {
                quote = '\0';
            }
            else if (c == ',' && quote == '\0')
            {
                Take();
            }
            else
            {
                item.Append(c);
            }
        }

        if (quote != '\0')
        {
            MistakeAt(section, key, $"a quote ({quote}) is not closed.");
        }

        Take();
        return items;

        void Take()
        {
            var text = item.ToString().Trim();
            item.Clear();
            if (text.Length > 0)
            {
                items.Add(text);
            }
        }
    }

    private void MistakeAt(string section, string key, string message) =>
        Mistake(_file.Section(section).TryGetValue(key, out var setting) ? setting.Origin : _file.OriginOf(section), $"{key}: {message}");

    private void Mistake(string origin, string message) => _mistakes.Add(new(origin, message));

    /// <summary>Levenshtein distance, for "did you mean".</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
