using System.Text.RegularExpressions;
using Skerry.TestKit.Processes;

namespace Skerry.EndToEnd.Guests;

/// <summary>Programs of this machine in a folder, each with the libraries that it is linked with where it looks for them.</summary>
internal sealed partial class FolderOfPrograms
{
    public FolderOfPrograms(string directory, params IEnumerable<string> folders)
    {
        Directory = directory;
        foreach (var folder in folders)
        {
            System.IO.Directory.CreateDirectory(PathOf(folder));
        }
    }

    public string Directory { get; }

    public string PathOf(params string[] parts) => Path.Combine([Directory, .. parts]);

    public async Task AddProgramAsync(string name, string folder)
    {
        var source = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':').Select(d => Path.Combine(d, name)).First(File.Exists);
        Put(source, $"{folder}/{name}");

        // Ends with 1 for a program that needs none.
        var libraries = await ProgramRun.RunAsync("ldd", [source], TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        foreach (Match library in Library().Matches(libraries.Require(0, 1).Output))
        {
            Put(library.Value, library.Value.TrimStart('/'));
        }
    }

    public void AddScript(string source, string target)
    {
        Put(source, target);
        File.SetUnixFileMode(PathOf(target), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private void Put(string source, string target)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(PathOf(target))!);
        File.Copy(source, PathOf(target), overwrite: true);
    }

    [GeneratedRegex(@"(?<=\s)/\S+(?= \(0x)")]
    private static partial Regex Library();
}
