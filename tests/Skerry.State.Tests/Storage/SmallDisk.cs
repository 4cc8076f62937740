using System.Diagnostics;

namespace Skerry.State.Tests.Storage;

/// <summary>A file system of one megabyte in memory, to be filled. Needs the right to mount.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("skerry-small-").FullName;

    public static SmallDisk? TryMount()
    {
        var disk = new SmallDisk();
        if (Run("mount", "-t", "tmpfs", "-o", "size=1m", "skerry-small", disk._path)) return disk;
        Directory.Delete(disk._path);
        return null;
    }

    public string File(string name) => Path.Combine(_path, name);

    public void Dispose()
    {
        // Lazily: a test that failed may have left a file open, and its failure is the one to tell.
        Run("umount", "--lazy", _path);
        Directory.Delete(_path);
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
