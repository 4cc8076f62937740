using System.Globalization;
using Skerry.Domain.Events;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;

namespace Skerry.Host.Configuration;

/// <content>The section [replication].</content>
internal sealed partial class ConfigurationReader
{
    private ReplicationConfiguration Replication() => new(
        Length("replication", "lease", LeaseRule.DefaultLength, LeaseRule.LeastLength, LeaseRule.MostLength),
        FenceCommand(),
        Length("replication", "fence_timeout", TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
        Length("replication", "trash_time", new TrashOptions().TrashTime, TimeSpan.FromMinutes(1), TimeSpan.FromDays(3650)),
        Length("replication", "behind_after", new EventOptions().BehindAfter, TimeSpan.FromSeconds(10), TimeSpan.FromDays(7)));

    /// <summary>The words of the command: no shell takes part, so quotes around a word are the only sign that means something.</summary>
    private List<string>? FenceCommand()
    {
        if (Text("replication", "fence_command") is not { } text)
        {
            return null;
        }

        var words = new List<string>();
        var at = 0;
        while (at < text.Length)
        {
            if (text[at] == ' ')
            {
                at++;
                continue;
            }

            var isQuoted = text[at] is '"' or '\'';
            var end = isQuoted ? text.IndexOf(text[at], at + 1) : text.IndexOf(' ', at);
            if (isQuoted && end < 0)
            {
                MistakeAt("replication", "fence_command", $"the quote before '{text[(at + 1)..]}' does not end.");
                return null;
            }

            end = end < 0 ? text.Length : end;
            words.Add(text[(isQuoted ? at + 1 : at)..end]);
            at = end + 1;
        }

        if (!Path.IsPathFullyQualified(words[0]))
        {
            MistakeAt("replication", "fence_command", $"'{words[0]}' is not an absolute path; write for example /usr/local/sbin/fence.");
        }
        else if (!File.Exists(words[0]) || (File.GetUnixFileMode(words[0]) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) == 0)
        {
            MistakeAt("replication", "fence_command", $"'{words[0]}' is no program that can be run here; a failover by force would be refused.");
        }

        return words;
    }

    /// <summary>A length of time with its unit, as 500ms, 10s, 2m or 7d; a bare number is seconds.</summary>
    private TimeSpan Length(string section, string key, TimeSpan fallback, TimeSpan lowest, TimeSpan highest)
    {
        if (Text(section, key) is not { } text)
        {
            return fallback;
        }

        var unit = text.TrimStart("0123456789.".ToCharArray());
        double? unitSeconds = unit switch
        {
            "" or "s" => 1,
            "ms" => 0.001,
            "m" => 60,
            "h" => 3600,
            "d" => 86400,
            "w" => 7 * 86400,
            _ => null,
        };
        if (unitSeconds is { } seconds
            && double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number * seconds is var wanted && wanted >= lowest.TotalSeconds && wanted <= highest.TotalSeconds)
        {
            return TimeSpan.FromSeconds(wanted);
        }

        MistakeAt(section, key, $"'{text}' is not a length of time from {lowest.TotalSeconds:0.###} s to {highest.TotalSeconds:0} s; write for example 10s or 2m.");
        return fallback;
    }
}
