using System.Runtime.InteropServices;
using System.Text;

namespace Skerry.State.Storage;

/// <summary>A small file that is there whole or not at all, whenever the power goes: keys, ids and credentials of a site.</summary>
public static partial class DurableFile
{
    /// <summary>For the owner alone.</summary>
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>O_RDONLY | O_CLOEXEC; both have one value on all Linux machines, which O_DIRECTORY has not.</summary>
    private const int ReadOnlyCloseOnExec = 0x80000;

    /// <summary>
    /// Writes UTF-8 text in place of what the file held. When it returns, text and name are on stable storage. The file is never
    /// readable to more users than <paramref name="mode"/> says, not even while it is written.
    /// </summary>
    /// <exception cref="IOException">The directory is missing, full or cannot be written; the file is as it was.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write there.</exception>
    public static void Write(string path, string text, UnixFileMode mode = Private)
    {
        var draft = path + ".new";
        File.Delete(draft);
        using (var stream = new FileStream(draft, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode }))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
        SyncNames(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>A rename is durable only once the directory is; the base library has no word for that.</summary>
    private static void SyncNames(string directory)
    {
        var handle = open(directory, ReadOnlyCloseOnExec);
        if (handle < 0)
        {
            throw Fault(directory);
        }

        try
        {
            if (fsync(handle) != 0)
            {
                throw Fault(directory);
            }
        }
        finally
        {
            _ = close(handle);
        }
    }

    private static IOException Fault(string directory) =>
        new($"the names in {directory} cannot be made durable: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int handle);

    [LibraryImport("libc")]
    private static partial int close(int handle);
}
