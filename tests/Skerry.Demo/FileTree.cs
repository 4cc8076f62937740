using System.Security.Cryptography;

namespace Skerry.Demo;

/// <summary>What is in a tree of files: a digest for each path, to compare byte for byte.</summary>
public sealed class FileTree
{
    private readonly SortedDictionary<string, string> _digests = new(StringComparer.Ordinal);

    public int Count => _digests.Count;

    public IEnumerable<string> Paths => _digests.Keys;

    public void Add(string path, ReadOnlySpan<byte> content) => _digests[path] = Convert.ToHexString(SHA256.HashData(content));

    /// <summary>Reads regular files below <paramref name="directory"/>; links and <c>lost+found</c> are passed over.</summary>
    public static async Task<FileTree> ReadAsync(string directory, CancellationToken cancellationToken)
    {
        var tree = new FileTree();
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (var path in Directory.EnumerateFiles(directory, "*", options))
        {
            var relative = Path.GetRelativePath(directory, path);
            if (!relative.StartsWith("lost+found", StringComparison.Ordinal))
            {
                await using var stream = File.OpenRead(path);
                tree._digests[relative] = Convert.ToHexString(await SHA256.HashDataAsync(stream, cancellationToken));
            }
        }

        return tree;
    }

    /// <summary>Files of <paramref name="expected"/> that are missing here or differ.</summary>
    public IReadOnlyList<string> Lacking(FileTree expected) =>
        [.. expected._digests.Where(e => _digests.GetValueOrDefault(e.Key) != e.Value)
            .Select(e => _digests.ContainsKey(e.Key) ? $"{e.Key} differs" : $"{e.Key} is missing")];

    public void RequireAll(FileTree expected, string where)
    {
        var lacking = Lacking(expected);
        if (lacking.Count > 0)
        {
            throw new InvalidOperationException($"{where}: {lacking.Count} of {expected.Count} files are not as written: {string.Join(", ", lacking.Take(5))}");
        }
    }

    public FileTree With(FileTree other)
    {
        var both = new FileTree();
        foreach (var (path, digest) in _digests.Concat(other._digests))
        {
            both._digests[path] = digest;
        }

        return both;
    }
}
