namespace Skerry.State.Storage.Redis;

/// <summary>The store's keys, and its two steps: each is one script, which Redis runs whole and alone, and logs as one transaction.</summary>
/// <remarks>
/// A script that fails has written nothing: what can fail in it comes before its first write, or is that write. Layout: docs/formats/log.md.
/// </remarks>
internal sealed class RedisScripts(string prefix)
{
    /// <summary>The version of the keys that this program writes, and the highest that it reads.</summary>
    public const int Version = 1;

    /// <summary>Keys: tail, log. Arguments: the expected last id, the new id, the payload, who writes. 1, or 0 when the last id is another.</summary>
    public const string Append = """
        local tail = redis.call('HMGET', KEYS[1], 'last', 'position')
        if (tail[1] or '') ~= ARGV[1] then return 0 end
        local at = string.format('%.0f', (tail[2] or 0) + 1)
        redis.call('XADD', KEYS[2], at .. '-0', 'id', ARGV[2], 'payload', ARGV[3])
        redis.call('HSET', KEYS[1], 'format', 1, 'last', ARGV[2], 'position', at)
        redis.call('PUBLISH', KEYS[1], ARGV[4])
        return 1
        """;

    /// <summary>
    /// Keys: tail, log, draft. Arguments: the expected last id, the new id, the number of the draft's parts, the first position to
    /// keep, what names of checkpoints begin with, who writes. 1; 0 when the last id is another; -1 when the draft is not whole.
    /// </summary>
    public const string Replace = """
        local tail = redis.call('HMGET', KEYS[1], 'last', 'position', 'checkpoint')
        if (tail[1] or '') ~= ARGV[1] then
            redis.call('UNLINK', KEYS[3])
            return 0
        end
        if redis.call('LLEN', KEYS[3]) ~= tonumber(ARGV[3]) then return -1 end
        local at = tail[2] or '0'
        redis.call('PERSIST', KEYS[3])
        redis.call('HSET', KEYS[1], 'format', 1, 'last', ARGV[2], 'position', at, 'checkpoint', ARGV[2], 'checkpoint_position', at)
        redis.call('XTRIM', KEYS[2], 'MINID', '=', ARGV[4] .. '-0')
        if tail[3] then redis.call('UNLINK', ARGV[5] .. tail[3]) end
        redis.call('PUBLISH', KEYS[1], ARGV[6])
        return 1
        """;

    /// <summary>A hash; also the channel on which each write is told.</summary>
    public string Tail { get; } = prefix + "tail";

    /// <summary>A stream: an entry's id is its position.</summary>
    public string Log { get; } = prefix + "log";

    public string CheckpointPrefix { get; } = prefix + "checkpoint:";

    /// <summary>A list of parts.</summary>
    public string Checkpoint(ulong id) => CheckpointPrefix + Id(id);

    /// <summary>No id at all is the empty text, as a missing field is read.</summary>
    public static string Id(ulong id) => id == 0 ? "" : id.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}
