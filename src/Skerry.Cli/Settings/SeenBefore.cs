using System.Security.Cryptography;
using System.Text;
using Skerry.Client.Native.Login;

namespace Skerry.Cli.Settings;

/// <summary>
/// What earlier commands of the same user in the same project have seen, kept in <c>skerry/sessions</c> of the user's state folder, so
/// that the next command sees no less, whichever site it asks. A token of another cloud asks nothing of a site, so the address is no
/// part of the name.
/// </summary>
internal sealed class SeenBefore
{
    private readonly string _path;

    private SeenBefore(string path, string? token)
    {
        _path = path;
        Token = token;
    }

    public string? Token { get; }

    /// <summary>Null where there is no state folder: nothing is remembered then.</summary>
    public static SeenBefore? Read(CloudLogin login, Surroundings surroundings)
    {
        var home = surroundings.Variable("HOME");
        var folder = surroundings.Variable("XDG_STATE_HOME") ?? (home is null ? null : Path.Combine(home, ".local", "state"));
        if (folder is null)
        {
            return null;
        }

        string?[] who = [login.Username, login.UserId, login.UserDomainName, login.UserDomainId, login.ProjectName, login.ProjectId];
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', who))))[..16];
        var path = Path.Combine(folder, "skerry", "sessions", name);
        try
        {
            return new SeenBefore(path, File.Exists(path) ? File.ReadAllText(path).Trim() is { Length: > 0 } token ? token : null : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Remembers for the next command; of commands that end together the last one's stays.</summary>
    public void Keep(string? token)
    {
        if (token is null || token == Token)
        {
            return;
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var written = $"{_path}.{Environment.ProcessId}";
            File.WriteAllText(written, token);
            File.Move(written, _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The command has done its work; the next one begins a new session.
        }
    }
}
