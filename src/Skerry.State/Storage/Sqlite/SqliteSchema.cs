using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Skerry.State.Storage.Sqlite;

/// <summary>The tables of the store, and the statements over them.</summary>
internal static class SqliteSchema
{
    /// <summary>The version of the tables that this program writes, and the highest that it reads.</summary>
    private const int Version = 1;

    /// <summary>"Sker" in SQLite's application id, so that `file` and this program know the file.</summary>
    private const int ApplicationId = 0x536B6572;

    private const int LockTimeoutSeconds = 1;

    public static string ConnectionString(string path) => new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = SqliteOpenMode.ReadWriteCreate,
        Pooling = false,
        DefaultTimeout = LockTimeoutSeconds,
    }.ToString();

    public static void Prepare(SqliteConnection connection, string path)
    {
        // Exclusive before WAL: no shared memory file is needed, and the lock is held until the connection is closed.
        Execute(connection, "PRAGMA locking_mode = EXCLUSIVE");
        var isNew = IsNew(connection, path);
        Execute(connection, "PRAGMA journal_mode = WAL");
        // FULL syncs the write-ahead log at every commit; NORMAL would lose acknowledged commits at power loss.
        Execute(connection, "PRAGMA synchronous = FULL");
        if (isNew) InTransaction(connection, () => Create(connection));
    }

    public static SqliteCommand PrepareAppend(SqliteConnection connection)
    {
        var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO entry (position, id, payload) VALUES ($position, $id, $payload)";
        command.Parameters.Add("$position", SqliteType.Integer);
        command.Parameters.Add("$id", SqliteType.Integer);
        command.Parameters.Add("$payload", SqliteType.Blob);
        command.Prepare();
        return command;
    }

    /// <summary>The last of what was written is the checkpoint, unless an entry came after it.</summary>
    public static StoreTail ReadTail(SqliteConnection connection)
    {
        var (checkpointPosition, checkpointId) = ReadPair(connection, "SELECT position, id FROM checkpoint");
        var (position, id) = ReadPair(connection, "SELECT position, id FROM entry ORDER BY position DESC LIMIT 1");
        return position > checkpointPosition ? new StoreTail(position, id, checkpointPosition, checkpointId)
            : new StoreTail(checkpointPosition, checkpointId, checkpointPosition, checkpointId);
    }

    public static void Replace(
        SqliteConnection connection, long position, long id, IEnumerable<ReadOnlyMemory<byte>> parts, long keepFrom)
    {
        InTransaction(connection, () =>
        {
            Execute(connection, "DELETE FROM checkpoint_part");
            using (var insert = connection.CreateCommand())
            {
                insert.CommandText = "INSERT INTO checkpoint_part (part, payload) VALUES ($part, $payload)";
                var number = insert.Parameters.Add("$part", SqliteType.Integer);
                var payload = insert.Parameters.Add("$payload", SqliteType.Blob);
                var next = 0L;
                foreach (var part in parts)
                {
                    number.Value = next++;
                    payload.Value = part.ToArray();
                    insert.ExecuteNonQuery();
                }
            }

            Execute(connection, "INSERT OR REPLACE INTO checkpoint (one, position, id) VALUES (1, $a, $b)", position, id);
            Execute(connection, "DELETE FROM entry WHERE position < $a", keepFrom);
        });
    }

    /// <summary>
    /// All of it or nothing. By hand, because SQLite takes a transaction back by itself when the disk is full, and the library's
    /// own transaction then fails over having nothing to take back.
    /// </summary>
    private static void InTransaction(SqliteConnection connection, Action action)
    {
        Execute(connection, "BEGIN EXCLUSIVE");
        try
        {
            action();
            Execute(connection, "COMMIT");
        }
        catch
        {
            if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0) Execute(connection, "ROLLBACK");
            throw;
        }
    }

    /// <summary>Looks, and changes nothing: the file may be somebody else's.</summary>
    private static bool IsNew(SqliteConnection connection, string path)
    {
        var application = ReadNumber(connection, "PRAGMA application_id");
        var version = ReadNumber(connection, "PRAGMA user_version");
        var isNew = application == 0 && version == 0 && ReadNumber(connection, "SELECT count(*) FROM sqlite_master") == 0;
        if (!isNew && application != ApplicationId)
        {
            throw new StateStoreException(StateStoreError.Foreign, $"{path} is not a Skerry state store; name another file in [store] url.");
        }

        if (version > Version)
        {
            throw new StateStoreException(
                StateStoreError.Foreign, $"State store {path} has format {version}, and this program knows up to {Version}; start the newer program.");
        }

        return isNew;
    }

    private static void Create(SqliteConnection connection)
    {
        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}"));
        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Version}"));
        Execute(connection, "CREATE TABLE entry (position INTEGER PRIMARY KEY, id INTEGER NOT NULL, payload BLOB NOT NULL)");
        Execute(connection, "CREATE TABLE checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL, id INTEGER NOT NULL)");
        Execute(connection, "CREATE TABLE checkpoint_part (part INTEGER PRIMARY KEY, payload BLOB NOT NULL)");
    }

    private static void Execute(SqliteConnection connection, string sql, long a = 0, long b = 0)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$a", a);
        command.Parameters.AddWithValue("$b", b);
        command.ExecuteNonQuery();
    }

    private static long ReadNumber(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private static (long Position, ulong Id) ReadPair(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        return reader.Read() ? (reader.GetInt64(0), unchecked((ulong)reader.GetInt64(1))) : (0, 0);
    }
}
