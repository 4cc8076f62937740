using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skerry.Blocks.Log;

/// <summary>A directory of the host's file system, held by one process at a time.</summary>
internal sealed class DirectoryStorage : IBackingStorage
{
    public const string LockName = "lock";

    /// <summary>EAGAIN: another has the lock.</summary>
    private const int WouldBlock = 11;

    private readonly FileStream _lock;
    private readonly DirectWrites _direct = new();

    public DirectoryStorage(string directory)
    {
        Name = Path.GetFullPath(directory);
        try
        {
            Directory.CreateDirectory(Name);
            _lock = new FileStream(Path.Combine(Name, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new BlockException(BlockError.Io, $"the block store {Name} cannot be written: {e.Message}. Give its owner the right to write there", e);
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            throw new BlockException(BlockError.Refused, $"the block store {Name} is in use by another process. Stop that one first", e);
        }
        catch (IOException e)
        {
            throw new BlockException(BlockError.Io, $"the block store {Name} cannot be opened: {e.Message.TrimEnd('.')}. Name a directory that can be made or written", e);
        }
    }

    public string Name { get; }

    public IReadOnlyList<string> List() =>
        [.. Directory.EnumerateFiles(Name).Select(path => Path.GetFileName(path)).Where(name => name != LockName)];

    public IBackingFile Open(string name) => new BackingFile(File.OpenHandle(PathOf(name), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite), _direct);

    public IBackingFile Create(string name, long sizeBytes)
    {
        SafeFileHandle handle;
        try
        {
            handle = File.OpenHandle(PathOf(name), FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite);
        }
        catch (IOException e) when (NativeFile.MeansFull(e.HResult))
        {
            // Even a name needs room.
            throw new BackingFullException($"cannot make {name}: {e.Message}");
        }

        var file = new BackingFile(handle, _direct);
        try
        {
            if (sizeBytes > 0)
            {
                NativeFile.Allocate(handle, sizeBytes);
            }

            file.Sync();
            return file;
        }
        catch
        {
            file.Dispose();
            File.Delete(PathOf(name));
            throw;
        }
    }

    public void Rename(string from, string to) => File.Move(PathOf(from), PathOf(to), overwrite: true);

    public void Delete(string name) => File.Delete(PathOf(name));

    public void SyncNames() => NativeFile.SyncDirectory(Name);

    public (long TotalBytes, long FreeBytes) Space()
    {
        var drive = new DriveInfo(Name);
        return (drive.TotalSize, drive.AvailableFreeSpace);
    }

    public void Dispose()
    {
        _direct.Dispose();
        _lock.Dispose();
    }

    private string PathOf(string name) => Path.Combine(Name, name);

    private sealed class BackingFile(SafeFileHandle handle, DirectWrites direct) : IBackingFile
    {
        public long LengthBytes => RandomAccess.GetLength(handle);

        public void Read(long offsetBytes, Span<byte> into)
        {
            while (into.Length > 0)
            {
                var count = RandomAccess.Read(handle, into, offsetBytes);
                if (count == 0)
                {
                    into.Clear();
                    return;
                }

                into = into[count..];
                offsetBytes += count;
            }
        }

        public void Write(long offsetBytes, ReadOnlyMemory<byte> bytes) => RandomAccess.Write(handle, bytes.Span, offsetBytes);

        public void Write(long offsetBytes, IReadOnlyList<ReadOnlyMemory<byte>> parts) => RandomAccess.Write(handle, parts, offsetBytes);

        public void WritePast(long offsetBytes, IReadOnlyList<ReadOnlyMemory<byte>> parts)
        {
            if (!direct.TryWrite(this, handle, offsetBytes, parts))
            {
                Write(offsetBytes, parts);
            }
        }

        public void Sync() => NativeFile.SyncData(handle);

        public void Allocate(long sizeBytes) => NativeFile.Allocate(handle, sizeBytes);

        public bool Punch(long offsetBytes, long lengthBytes) => NativeFile.Punch(handle, offsetBytes, lengthBytes);

        public void Dispose()
        {
            direct.Forget(this);
            handle.Dispose();
        }
    }
}

/// <summary>What the base library has no word for: fdatasync, allocation, holes, and the sync of a directory.</summary>
internal static partial class NativeFile
{
    private const int NoSpace = 28, Interrupted = 4, NotSupported = 95, Quota = 122;
    private const int KeepSize = 1, PunchHole = 2;

    /// <summary>O_RDONLY | O_CLOEXEC; both have one value on all Linux machines, which O_DIRECTORY has not.</summary>
    private const int ReadOnlyCloseOnExec = 0x80000;

    /// <summary>RandomAccess.FlushToDisk would be fsync, which also waits for times and sizes that nothing here depends on.</summary>
    public static void SyncData(SafeFileHandle handle)
    {
        while (fdatasync(handle) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                throw Fault("sync", error);
            }
        }
    }

    public static void Allocate(SafeFileHandle handle, long sizeBytes)
    {
        int error;
        do
        {
            error = posix_fallocate(handle, 0, sizeBytes);
        }
        while (error == Interrupted);
        if (error != 0)
        {
            throw Fault("allocate a segment", error);
        }
    }

    public static bool Punch(SafeFileHandle handle, long offsetBytes, long lengthBytes)
    {
        if (fallocate(handle, KeepSize | PunchHole, offsetBytes, lengthBytes) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error is NotSupported or Interrupted ? false : throw Fault("give space back", error);
    }

    public static void SyncDirectory(string path)
    {
        using var handle = open(path, ReadOnlyCloseOnExec);
        if (handle.IsInvalid || fsync(handle) != 0)
        {
            throw Fault($"sync the directory {path}", Marshal.GetLastPInvokeError());
        }
    }

    public static bool MeansFull(int error) => error is NoSpace or Quota;

    private static IOException Fault(string action, int error) => MeansFull(error)
        ? new BackingFullException($"cannot {action}: {Marshal.GetPInvokeErrorMessage(error)}")
        : new IOException($"cannot {action}: {Marshal.GetPInvokeErrorMessage(error)} (errno {error})");

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc")]
    private static partial int posix_fallocate(SafeFileHandle file, long offset, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fallocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);
}
