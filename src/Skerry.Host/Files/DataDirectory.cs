using Skerry.State.Clocks;
using Skerry.State.Storage;

namespace Skerry.Host.Files;

/// <summary>
/// The site's directory: made when missing, for its owner alone, and held by one daemon at a time. What is in it: <c>site-id</c>, the
/// certificate and keys, <c>state.db</c>, the backends, and the credentials of first start.
/// </summary>
internal sealed class DataDirectory : IDisposable
{
    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream @lock)
    {
        Path = path;
        _lock = @lock;
    }

    public string Path { get; }

    public string PathOf(string name) => System.IO.Path.Combine(Path, name);

    /// <exception cref="StartException">It cannot be made or written, or another daemon has it.</exception>
    public static DataDirectory Open(string path)
    {
        try
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var lockPath = System.IO.Path.Combine(path, "lock");
            FileStream held;
            try
            {
                held = new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e is not DirectoryNotFoundException && File.Exists(lockPath))
            {
                throw new StartException(
                    $"data_dir {path} is in use by another skerryd. Stop that one, or give this site a data_dir of its own.", e);
            }

            return new(path, held);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new StartException(
                $"data_dir {path} cannot be written: {e.Message} Make it, and let the user that runs skerryd own it.", e);
        }
    }

    /// <summary>This site's id; drawn and stored at first start.</summary>
    public SiteId SiteId()
    {
        var path = PathOf("site-id");
        if (File.Exists(path))
        {
            return State.Clocks.SiteId.TryParse(File.ReadAllText(path).Trim(), out var known)
                ? known
                : throw new StartException($"{path} does not hold a site id. Restore it from a backup; a new one would make this a different site.");
        }

        var site = State.Clocks.SiteId.Create(new Random());
        WritePrivate("site-id", $"{site}\n");
        return site;
    }

    /// <summary>Writes a file whole or not at all, readable by its owner only.</summary>
    public void WritePrivate(string name, string content) => DurableFile.Write(PathOf(name), content);

    public void Dispose() => _lock.Dispose();
}
