namespace Skerry.Repository.Tests;

/// <summary>The files of this checkout, as the tests see them: build output and fetched packages left out.</summary>
internal static class Checkout
{
    private static readonly string[] Skipped = ["bin", "obj", "artifacts", ".git", "node_modules"];

    public static string Root { get; } = FindRoot();

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    public static IEnumerable<string> Files(string pattern, string below = "") =>
        Directory.EnumerateFiles(PathOf(below), pattern, SearchOption.AllDirectories)
            .Where(f => !Path.GetRelativePath(Root, f).Split('/').Any(Skipped.Contains));

    private static string FindRoot()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Skerry.slnx")))
        {
            directory = Path.GetDirectoryName(directory)!;
        }

        return directory;
    }
}
