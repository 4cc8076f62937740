using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace Skerry.State.Storage.Sqlite;

/// <summary>
/// The embedded store: one SQLite file with a write-ahead log, synced at every append. The file is locked for as long as it is open, so
/// one daemon has it and what was read at the start stays true.
/// </summary>
/// <remarks>Format: docs/formats/log.md. Reasons: docs/decisions/sqlite.md.</remarks>
public sealed class SqliteStore : IStateStore
{
    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _append;
    private StoreTail _tail;
    private bool _closed;

    private SqliteStore(string path, SqliteConnection connection)
    {
        _path = path;
        _connection = connection;
        _append = SqliteSchema.PrepareAppend(connection);
        _tail = SqliteSchema.ReadTail(connection);
    }

    public string Name => $"State store {_path}";

    /// <summary>Opens the file, and makes it when there is none; its directory must exist.</summary>
    /// <exception cref="StateStoreException">It cannot be opened: no access, locked by another program, damaged, or too new.</exception>
    public static Task<SqliteStore> OpenAsync(string path, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Task.Run(
            () =>
            {
                SQLitePCL.Batteries_V2.Init();
                var connection = new SqliteConnection(SqliteSchema.ConnectionString(path));
                try
                {
                    connection.Open();
                    SqliteSchema.Prepare(connection, path);
                    return new SqliteStore(path, connection);
                }
                catch (Exception fault)
                {
                    connection.Dispose();
                    throw SqliteFaults.Translate(path, fault);
                }
            },
            cancellationToken);
    }

    public ValueTask<StoreTail> ReadTailAsync(CancellationToken cancellationToken) => new(_tail);

    public async IAsyncEnumerable<byte[]> ReadCheckpointAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var (_, _, payload) in ReadRowsAsync("SELECT part, 0, payload FROM checkpoint_part ORDER BY part", 0, cancellationToken))
        {
            yield return payload;
        }
    }

    public async IAsyncEnumerable<StoreEntry> ReadAsync(long afterPosition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const string Query = "SELECT position, id, payload FROM entry WHERE position > $after ORDER BY position";
        await foreach (var (position, id, payload) in ReadRowsAsync(Query, afterPosition, cancellationToken))
        {
            yield return new StoreEntry(position, unchecked((ulong)id), payload);
        }
    }

    public async ValueTask<bool> AppendAsync(ulong expectedLastId, ulong id, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (_tail.LastId != expectedLastId) return false;
        var position = _tail.Position + 1;
        await RunAsync(
            () =>
            {
                _append.Parameters[0].Value = position;
                _append.Parameters[1].Value = unchecked((long)id);
                _append.Parameters[2].Value = payload.ToArray();
                _append.ExecuteNonQuery();
            },
            cancellationToken);
        _tail = _tail with { Position = position, LastId = id };
        return true;
    }

    public async ValueTask<bool> ReplaceAsync(
        ulong expectedLastId, ulong id, IEnumerable<ReadOnlyMemory<byte>> checkpoint, long keepFrom, CancellationToken cancellationToken)
    {
        if (_tail.LastId != expectedLastId) return false;
        await RunAsync(() => SqliteSchema.Replace(_connection, _tail.Position, unchecked((long)id), checkpoint, keepFrom), cancellationToken);
        _tail = _tail with { LastId = id, CheckpointPosition = _tail.Position, CheckpointId = id };
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_closed) return;
        _closed = true;
        await Task.Run(() =>
        {
            _append.Dispose();
            _connection.Dispose();
        });
    }

    /// <summary>SQLite blocks its caller through the sync; a pool thread waits for it.</summary>
    private async Task RunAsync(Action action, CancellationToken cancellationToken)
    {
        if (_closed) throw new StateStoreException(StateStoreError.Closed, $"{Name} was closed.");
        try
        {
            await Task.Run(action, cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            throw SqliteFaults.Translate(_path, fault);
        }
    }

    private async IAsyncEnumerable<(long First, long Second, byte[] Payload)> ReadRowsAsync(
        string query, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (_closed) throw new StateStoreException(StateStoreError.Closed, $"{Name} was closed.");
        await using var command = _connection.CreateCommand();
        command.CommandText = query;
        command.Parameters.AddWithValue("$after", after);
        await using var reader = await Translated(() => command.ExecuteReaderAsync(cancellationToken));
        while (await Translated(() => reader.ReadAsync(cancellationToken)))
        {
            yield return (reader.GetInt64(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2));
        }
    }

    private async Task<T> Translated<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (SqliteException fault)
        {
            throw SqliteFaults.Translate(_path, fault);
        }
    }
}
