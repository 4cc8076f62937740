using System.Text;

namespace Skerry.State.Storage.Redis;

/// <summary>
/// What a server must be set to so that it keeps what it acknowledged: with <c>appendfsync always</c> Redis writes and syncs its
/// append-only file before it sends the replies (redis.io, "Redis persistence"; <c>beforeSleep</c> in its server.c).
/// </summary>
internal static class RedisSafety
{
    private const int LeastVersion = 7;

    /// <summary>Each setting with the only value that loses nothing, and what another does.</summary>
    private static readonly (string Name, string Value, string Otherwise)[] Needed =
    [
        ("appendonly", "yes", "what was acknowledged is gone with the server's process"),
        ("appendfsync", "always", "a power loss takes back what was acknowledged"),
        ("no-appendfsync-on-rewrite", "no", "a power loss while the file is rewritten takes back what was acknowledged"),
        ("maxmemory-policy", "noeviction", "the server may drop the state to make room"),
    ];

    /// <exception cref="StateStoreException">The server can lose what it acknowledges: every reason, by name, and what to set.</exception>
    public static async Task CheckAsync(RedisConnection connection, string name, CancellationToken cancellationToken)
    {
        RespValue settings;
        Dictionary<string, string> server;
        try
        {
            server = Pairs((await connection.AskAsync(["INFO"], cancellationToken)).Text);
            settings = await connection.AskAsync(["CONFIG", "GET", .. Needed.Select(setting => setting.Name)], cancellationToken);
        }
        catch (RedisErrorException refused) when (refused.Code is not ("LOADING" or "NOAUTH"))
        {
            throw Refused(name, [$"it does not say how it is set ({refused.Message}); allow its user the commands INFO and CONFIG GET"]);
        }

        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i + 1 < settings.Items?.Count; i += 2) found[settings.Items[i].Text] = settings.Items[i + 1].Text;
        List<string> reasons = [];
        if (!int.TryParse(server.GetValueOrDefault("redis_version", "0").Split('.')[0], out var version) || version < LeastVersion)
        {
            reasons.Add($"it is Redis {server.GetValueOrDefault("redis_version", "of an unknown version")}; install Redis {LeastVersion} or later");
        }

        if (server.GetValueOrDefault("role") != "master")
        {
            reasons.Add($"it is a replica of {server.GetValueOrDefault("master_host", "another server")}; name that one");
        }

        if (server.GetValueOrDefault("cluster_enabled") == "1") reasons.Add("it is part of a cluster; name a server that is not");
        foreach (var (setting, value, otherwise) in Needed)
        {
            var present = found.GetValueOrDefault(setting, "");
            if (present != value) reasons.Add($"{setting} is {(present.Length == 0 ? "not told" : present)}: {otherwise}; set {setting} {value}");
        }

        if (reasons.Count > 0) throw Refused(name, reasons);
    }

    private static StateStoreException Refused(string name, IReadOnlyList<string> reasons)
    {
        var text = new StringBuilder($"{name} is not safe for a site's state, and nothing is written there");
        foreach (var reason in reasons) text.Append(reasons.Count > 1 ? "\n - " : ": ").Append(reason);
        return new StateStoreException(StateStoreError.Refused, text.Append('.').ToString());
    }

    private static Dictionary<string, string> Pairs(string info)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in info.Split("\r\n"))
        {
            if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon) pairs[line[..colon]] = line[(colon + 1)..];
        }

        return pairs;
    }
}
