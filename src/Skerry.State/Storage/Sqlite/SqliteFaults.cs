using Microsoft.Data.Sqlite;

namespace Skerry.State.Storage.Sqlite;

/// <summary>What SQLite's result codes (sqlite.org/rescode.html) mean to an operator.</summary>
internal static class SqliteFaults
{
    private const int Busy = 5;
    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;

    public static Exception Translate(string path, Exception fault) => fault is not SqliteException sqlite ? fault : sqlite.SqliteErrorCode switch
    {
        Busy or Locked => new StateStoreException(
            StateStoreError.Locked, $"State store {path} is in use by another program; stop the other daemon of this site.", fault),
        Full => new StateStoreException(
            StateStoreError.Full, $"State store {path} has no room: the disk is full, and nothing was written; free some space there.", fault),
        Corrupt or NotADatabase => new StateStoreException(
            StateStoreError.Corrupt,
            $"State store {path} is damaged ({sqlite.Message}); put back a copy of it, or move it away and join the cloud again as a new site.", fault),
        ReadOnly or CannotOpen => new StateStoreException(
            StateStoreError.Io, $"State store {path} cannot be opened for writing; check that its directory exists and that this user may write there.", fault),
        _ => new StateStoreException(
            StateStoreError.Io, $"State store {path} failed ({sqlite.Message}); check the disk and the kernel's log, then start again.", fault),
    };
}
