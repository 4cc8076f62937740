using Skerry.TestKit.Processes;

namespace Skerry.Demo;

/// <summary>A volume's file system, mounted: <c>nbdfuse</c> shows the export as a file, and a loop mount uses it.</summary>
public sealed class MountedVolume : IAsyncDisposable
{
    private readonly string _fuseDirectory;
    private RunningProgram? _fuse;
    private bool _mounted;

    private MountedVolume(string directory)
    {
        _fuseDirectory = Path.Combine(directory, "nbd");
        FileSystem = Path.Combine(directory, "fs");
    }

    /// <summary>Where the file system's root is.</summary>
    public string FileSystem { get; }

    /// <summary>The volume as a file.</summary>
    public string Image => Path.Combine(_fuseDirectory, "disk");

    /// <summary>True where FUSE and loop devices are to be had and this user may mount.</summary>
    public static bool IsPossible =>
        Environment.IsPrivilegedProcess && File.Exists("/dev/fuse") && File.Exists("/dev/loop-control")
        && ProgramRun.Exists("nbdfuse") && ProgramRun.Exists("fusermount3");

    /// <summary>Shows the export as a file only.</summary>
    public static async Task<MountedVolume> AsFileAsync(Stage stage, string label, string uri, CancellationToken cancellationToken)
    {
        var directory = stage.PathOf("mounts", label);
        var volume = new MountedVolume(directory);
        Directory.CreateDirectory(volume._fuseDirectory);
        Directory.CreateDirectory(volume.FileSystem);
        stage.OnCleanUp(volume.DisposeAsync);
        volume._fuse = RunningProgram.Start("nbdfuse", [volume.Image, uri], stage.PathOf($"nbdfuse-{label}.log"));
        await Eventually.TrueAsync($"nbdfuse shows {label}", TimeSpan.FromSeconds(10), () => volume._fuse.HasExited
            ? throw new InvalidOperationException($"nbdfuse ended: {volume._fuse.LogTail()}")
            : Task.FromResult(File.Exists(volume.Image)), cancellationToken);
        return volume;
    }

    public static async Task<MountedVolume> MountAsync(
        Stage stage, string label, string uri, bool readOnly, CancellationToken cancellationToken)
    {
        var volume = await AsFileAsync(stage, label, uri, cancellationToken);
        (await Stage.RunAsync("mount", cancellationToken, "-o", readOnly ? "loop,ro" : "loop", volume.Image, volume.FileSystem)).Require();
        volume._mounted = true;
        return volume;
    }

    /// <summary>Unmounts and closes the export; after a site was killed this is done lazily, since nothing can be written any more.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_mounted)
        {
            _mounted = false;
            if ((await Stage.RunAsync("umount", CancellationToken.None, FileSystem)).ExitCode != 0)
            {
                await Stage.RunAsync("umount", CancellationToken.None, "-l", FileSystem);
            }
        }

        if (_fuse is not null)
        {
            if ((await Stage.RunAsync("fusermount3", CancellationToken.None, "-u", _fuseDirectory)).ExitCode != 0)
            {
                await Stage.RunAsync("fusermount3", CancellationToken.None, "-uz", _fuseDirectory);
            }

            await _fuse.DisposeAsync();
            _fuse = null;
        }
    }
}
