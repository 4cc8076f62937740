using System.Globalization;
using System.Runtime.CompilerServices;

namespace Skerry.State.Storage.Redis;

/// <summary>
/// A store in a Redis 7, which several daemons of one site may share. Each append is one script that fails unless the last id is the
/// expected one, so what was lost, put back or written by another is noticed at the next append.
/// </summary>
/// <remarks>
/// <para>It writes only over a connection whose server it has checked (<see cref="RedisSafety"/>): after every connect, and again when
/// the tail is read and the last check is older than <see cref="CheckEvery"/>.</para>
/// <para>A connection that broke is made again by the next call. Format: docs/formats/log.md. Reasons: docs/decisions/redis.md.</para>
/// </remarks>
public sealed class RedisStore : IStateStore
{
    /// <summary>The longest wait for an answer; a sync on a slow disk must fit in.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>Settings may be changed while the server runs.</summary>
    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(2);

    /// <summary>A tail is looked at this often even when nobody told of a write.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    /// <summary>What a checkpoint that was never finished leaves behind is gone after this.</summary>
    private const int DraftLifeMilliseconds = 600_000;

    private const int PartsAtOnce = 16;
    private const int MostEntriesAtOnce = 4096;
    private const int PageBytes = 4 << 20;

    private readonly RedisAddress _address;
    private readonly TimeProvider _time;
    private readonly TimeSpan _longestWait;
    private readonly RedisScripts _keys;
    private RedisConnection? _connection;
    private RedisConnection? _listener;
    private string _who = "";
    private long _checkedAt;
    private bool _closed;

    private RedisStore(RedisAddress address, TimeProvider time, TimeSpan longestWait)
    {
        _address = address;
        _time = time;
        _longestWait = longestWait;
        _keys = new RedisScripts(address.Prefix);
    }

    public string Name => $"State store {_address}";

    /// <summary>Connects and checks the server's settings.</summary>
    /// <exception cref="StateStoreException">It is not reached, refuses the user, or is set so that it can lose what it acknowledges.</exception>
    public static Task<RedisStore> OpenAsync(RedisAddress address, TimeProvider time, CancellationToken cancellationToken) =>
        OpenAsync(address, time, LongestWait, cancellationToken);

    internal static async Task<RedisStore> OpenAsync(RedisAddress address, TimeProvider time, TimeSpan longestWait, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(time);
        var store = new RedisStore(address, time, longestWait);
        try
        {
            await store.ReadTailAsync(cancellationToken);
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    public async ValueTask<StoreTail> ReadTailAsync(CancellationToken cancellationToken)
    {
        var fields = await AskAsync(isSafe: true, ["HMGET", _keys.Tail, "position", "last", "checkpoint_position", "checkpoint", "format"], cancellationToken);
        var format = NumberOf(fields.Items![4]);
        if (format > RedisScripts.Version)
        {
            throw new StateStoreException(
                StateStoreError.Foreign, $"{Name} has format {format}, and this program knows up to {RedisScripts.Version}; start the newer program.");
        }

        return new StoreTail(NumberOf(fields.Items[0]), IdOf(fields.Items[1]), NumberOf(fields.Items[2]), IdOf(fields.Items[3]));
    }

    public async IAsyncEnumerable<byte[]> ReadCheckpointAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var tail = await ReadTailAsync(cancellationToken);
        if (tail.CheckpointId == 0) yield break;
        var key = _keys.Checkpoint(tail.CheckpointId);
        for (var first = 0; ; first += PartsAtOnce)
        {
            var page = await AskAsync(isSafe: true, ["LRANGE", key, Text(first), Text(first + PartsAtOnce - 1)], cancellationToken);
            foreach (var part in page.Items!) yield return part.Bytes!;
            if (page.Items.Count < PartsAtOnce) yield break;
        }
    }

    public async IAsyncEnumerable<StoreEntry> ReadAsync(long afterPosition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var count = 64;
        while (true)
        {
            var page = await AskAsync(isSafe: true, ["XRANGE", _keys.Log, Text(afterPosition + 1), "+", "COUNT", Text(count)], cancellationToken);
            var bytes = 0L;
            foreach (var item in page.Items!)
            {
                var entry = EntryOf(item);
                (afterPosition, bytes) = (entry.Position, bytes + entry.Payload.Length);
                yield return entry;
            }

            if (page.Items.Count < count) yield break;
            count = bytes > PageBytes ? Math.Max(1, count / 2) : Math.Min(MostEntriesAtOnce, bytes < PageBytes / 4 ? count * 2 : count);
        }
    }

    public async ValueTask<bool> AppendAsync(ulong expectedLastId, ulong id, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken);
        var answer = await AskAsync(
            isSafe: false,
            [Word("EVAL"), Word(RedisScripts.Append), Word("2"), Word(_keys.Tail), Word(_keys.Log), Id(expectedLastId), Id(id), payload, Word(_who)],
            cancellationToken);
        return answer.Number == 1;
    }

    public async ValueTask<bool> ReplaceAsync(
        ulong expectedLastId, ulong id, IEnumerable<ReadOnlyMemory<byte>> checkpoint, long keepFrom, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var draft = _keys.Checkpoint(id);
        var parts = 0;
        foreach (var page in checkpoint.Chunk(PartsAtOnce))
        {
            // Nobody reads a draft, so it does not matter what an unanswered one holds.
            await AskAsync(isSafe: true, [Word("RPUSH"), Word(draft), .. page], cancellationToken);
            await AskAsync(isSafe: true, ["PEXPIRE", draft, Text(DraftLifeMilliseconds)], cancellationToken);
            parts += page.Length;
        }

        await ConnectAsync(cancellationToken);
        var answer = await AskAsync(
            isSafe: false,
            [
                Word("EVAL"), Word(RedisScripts.Replace), Word("3"), Word(_keys.Tail), Word(_keys.Log), Word(draft),
                Id(expectedLastId), Id(id), Word(Text(parts)), Word(Text(keepFrom)), Word(_keys.CheckpointPrefix), Word(_who),
            ],
            cancellationToken);
        return answer.Number == -1
            ? throw new StateStoreException(StateStoreError.Unreachable, $"{Name} lost a part of a checkpoint before it was whole; it is written again.")
            : answer.Number == 1;
    }

    public async ValueTask WaitForChangeAsync(ulong knownLastId, CancellationToken cancellationToken)
    {
        if (_listener is null)
        {
            // What was written before this connection listened was not told to it: look at once.
            await ListenAsync(cancellationToken);
            return;
        }

        using var limit = new CancellationTokenSource(LookEvery, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var listener = _listener;
        try
        {
            // What this very store object wrote is known.
            while ((await listener.ReadAsync(either.Token)).Items is [_, _, var who] && who.Text == Volatile.Read(ref _who))
            {
            }
        }
        catch (Exception ended) when (ended is IOException or RedisErrorException or OperationCanceledException)
        {
            // A read that was given up may have taken a part of a message along; the next wait listens anew.
            _listener = null;
            await listener.DisposeAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _closed = true;
        await DropAsync();
        if (_listener is { } listener) await listener.DisposeAsync();
        _listener = null;
    }

    private Task<RespValue> AskAsync(bool isSafe, IReadOnlyList<string> words, CancellationToken cancellationToken) =>
        AskAsync(isSafe, [.. words.Select(word => Word(word))], cancellationToken);

    /// <param name="isSafe">It may be left open whether the command was carried out.</param>
    /// <param name="words">The command.</param>
    /// <param name="cancellationToken">Gives up; the connection is then made again.</param>
    private async Task<RespValue> AskAsync(bool isSafe, IReadOnlyList<ReadOnlyMemory<byte>> words, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(cancellationToken);
        try
        {
            return await connection.AskAsync(words, cancellationToken);
        }
        catch (RedisErrorException refused)
        {
            // Out of memory passes by itself; after any other refusal the server may have become something else, and is checked again.
            if (refused.Code != "OOM") await DropAsync();
            throw Refused(refused);
        }
        catch (IOException broken)
        {
            await DropAsync();
            throw isSafe ? Unreachable(broken) : new StateStoreException(
                StateStoreError.Unanswered,
                $"{Name} did not answer ({broken.Message}): the last write was not acknowledged and may have happened; it is asked again until it is known.", broken);
        }
        catch
        {
            await DropAsync();
            throw;
        }
    }

    /// <summary>A connection to a server that was checked lately enough.</summary>
    private async Task<RedisConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        if (_closed) throw new StateStoreException(StateStoreError.Closed, $"{Name} was closed.");
        if (_connection is { IsEnded: true }) await DropAsync();
        if (_connection is { } present && _time.GetElapsedTime(_checkedAt) < CheckEvery) return present;
        try
        {
            var connection = _connection ??= await RedisConnection.OpenAsync(_address, _longestWait, _time, cancellationToken);
            await RedisSafety.CheckAsync(connection, Name, cancellationToken);
            Volatile.Write(ref _who, (await connection.AskAsync(["CLIENT", "ID"], cancellationToken)).Text);
            _checkedAt = _time.GetTimestamp();
            return connection;
        }
        catch (Exception fault)
        {
            await DropAsync();
            throw fault switch
            {
                RedisErrorException refused => Refused(refused),
                IOException broken => Unreachable(broken),
                _ => fault,
            };
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        RedisConnection? listener = null;
        try
        {
            listener = await RedisConnection.OpenAsync(_address, _longestWait, _time, cancellationToken);
            await listener.AskAsync(["SUBSCRIBE", _keys.Tail], cancellationToken);
            _listener = listener;
        }
        catch (Exception fault)
        {
            if (listener is not null) await listener.DisposeAsync();
            throw fault switch
            {
                RedisErrorException refused => Refused(refused),
                IOException broken => Unreachable(broken),
                _ => fault,
            };
        }
    }

    private async Task DropAsync()
    {
        var connection = _connection;
        _connection = null;
        if (connection is not null) await connection.DisposeAsync();
    }

    private StateStoreException Unreachable(Exception fault) => new(
        StateStoreError.Unreachable, $"{Name} is not reached ({fault.Message}), and nothing was written; it is tried again until it answers.", fault);

    private StateStoreException Refused(RedisErrorException refused) => refused.Code switch
    {
        "OOM" => new StateStoreException(
            StateStoreError.Full, $"{Name} has no room: it has reached its maxmemory, and nothing was written; raise maxmemory or free some there.", refused),
        "LOADING" or "BUSY" => Unreachable(refused),
        "WRONGTYPE" => new StateStoreException(
            StateStoreError.Foreign, $"{Name} holds something else under these keys; give this site a prefix of its own in [store] url.", refused),
        "NOAUTH" or "WRONGPASS" or "NOPERM" => new StateStoreException(
            StateStoreError.Refused, $"{Name} refuses the user or password of [store] url: {refused.Message}", refused),
        _ => new StateStoreException(StateStoreError.Refused, $"{Name} refuses, and nothing was written: {refused.Message}", refused),
    };

    private StoreEntry EntryOf(RespValue item)
    {
        if (item.Items is [var at, { Items: [{ Text: "id" }, var id, { Text: "payload" }, { Bytes: { } payload }] }]
            && at.Text.Split('-') is [var position, "0"])
        {
            return new StoreEntry(long.Parse(position, CultureInfo.InvariantCulture), IdOf(id), payload);
        }

        throw new StateStoreException(
            StateStoreError.Corrupt, $"{Name} is damaged: {_keys.Log} holds an entry that no Skerry wrote. Put back a copy of the Redis, or join the cloud again as a new site under another prefix.");
    }

    private static long NumberOf(RespValue value) =>
        value.Text.Length == 0 ? 0 : long.Parse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static ulong IdOf(RespValue value) =>
        value.Text.Length == 0 ? 0 : ulong.Parse(value.Text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static ReadOnlyMemory<byte> Word(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static ReadOnlyMemory<byte> Id(ulong id) => Word(RedisScripts.Id(id));
}
