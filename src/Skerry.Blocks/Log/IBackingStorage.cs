namespace Skerry.Blocks.Log;

/// <summary>
/// The files of one store in one flat directory. The seam at which tests drop, tear and reorder what was not synced. Every failure is
/// an <see cref="IOException"/>, a full disk a <see cref="BackingFullException"/>.
/// </summary>
internal interface IBackingStorage : IDisposable
{
    /// <summary>What names the storage in messages.</summary>
    string Name { get; }

    IReadOnlyList<string> List();

    IBackingFile Open(string name);

    /// <summary>Makes a file of this size that reads as zeroes and cannot run out of space within it.</summary>
    IBackingFile Create(string name, long sizeBytes);

    /// <summary>Gives a file another name; one that has the name already is replaced in the same step.</summary>
    void Rename(string from, string to);

    void Delete(string name);

    /// <summary>Makes the creates, renames and deletes so far durable.</summary>
    void SyncNames();

    /// <summary>Size and free room of the file system, in bytes.</summary>
    (long TotalBytes, long FreeBytes) Space();
}

/// <summary>One file of a store. Writes may overlap with reads and with a sync.</summary>
internal interface IBackingFile : IDisposable
{
    long LengthBytes { get; }

    /// <summary>Fills the buffer; what lies beyond the end is zeroes.</summary>
    void Read(long offsetBytes, Span<byte> into);

    void Write(long offsetBytes, ReadOnlyMemory<byte> bytes);

    void Write(long offsetBytes, IReadOnlyList<ReadOnlyMemory<byte>> parts);

    /// <summary>
    /// As <see cref="Write(long, IReadOnlyList{ReadOnlyMemory{byte}})"/>, of whole blocks that nobody is about to read: where that can be,
    /// past the system's cache.
    /// </summary>
    void WritePast(long offsetBytes, IReadOnlyList<ReadOnlyMemory<byte>> parts) => Write(offsetBytes, parts);

    /// <summary>When it returns, every write that returned before the call is on stable storage.</summary>
    void Sync();

    /// <summary>Makes sure that no write to the first bytes can run out of space, also where room was given back.</summary>
    void Allocate(long sizeBytes);

    /// <summary>Gives the room of a range back; it reads as zeroes. Where the file system cannot, nothing happens and the answer is false.</summary>
    bool Punch(long offsetBytes, long lengthBytes);
}

/// <summary>The storage has no room for what was asked.</summary>
internal sealed class BackingFullException(string message) : IOException(message);

/// <summary>A sync failed that others rely on too, since the system tells each failure once.</summary>
internal sealed class BackingSyncException(string message, Exception inner) : IOException(message, inner);
