namespace Skerry.Simulation.Breaks;

/// <summary>One way to break the code on purpose: exact texts of sources, and what stands in their place.</summary>
/// <remarks>
/// A file of this folder: a line <c>breaks:</c> with the promise that it breaks, then for each change a line <c>file:</c> with the path,
/// the old text between <c>-----</c> and <c>=====</c>, and the new one up to the next <c>-----</c>.
/// </remarks>
internal sealed record Break(string Name, string Promise, IReadOnlyList<BreakChange> Changes)
{
    private const string Fence = "-----\n";
    private const string Middle = "\n=====\n";

    /// <summary>All of them, by name.</summary>
    public static IReadOnlyList<Break> LoadAll(string repository) =>
        [.. Directory.GetFiles(Path.Combine(repository, "tests/Skerry.Simulation/Breaks"), "*.txt").Order(StringComparer.Ordinal).Select(Load)];

    private static Break Load(string path)
    {
        var text = File.ReadAllText(path);
        var sections = text.Split("file: ");
        var changes = sections.Skip(1).Select(section =>
        {
            var begin = section.IndexOf(Fence, StringComparison.Ordinal);
            var middle = section.IndexOf(Middle, StringComparison.Ordinal);
            var end = section.LastIndexOf("\n" + Fence, StringComparison.Ordinal);
            return begin < 0 || middle < 0 || end < middle
                ? throw new FormatException($"{path} is no break: a change has the old text, ===== and the new one between lines of -----.")
                : new BreakChange(
                    section[..begin].Trim(),
                    section[(begin + Fence.Length)..middle],
                    end < middle + Middle.Length ? "" : section[(middle + Middle.Length)..end]);
        }).ToList();
        const string Head = "breaks: ";
        return sections[0].StartsWith(Head, StringComparison.Ordinal) && changes.Count > 0
            ? new Break(Path.GetFileNameWithoutExtension(path), sections[0][Head.Length..].Trim(), changes)
            : throw new FormatException($"{path} is no break: it begins with what it breaks, and has one change at least.");
    }
}

/// <summary>One change of a break.</summary>
/// <param name="Path">Of the source, from the repository's root.</param>
/// <param name="Old">Stands there exactly once.</param>
/// <param name="New">May be nothing.</param>
internal sealed record BreakChange(string Path, string Old, string New)
{
    /// <exception cref="FormatException">The source is another one than the break was made for.</exception>
    public string Apply(string source)
    {
        var at = source.IndexOf(Old, StringComparison.Ordinal);
        return at >= 0 && source.IndexOf(Old, at + 1, StringComparison.Ordinal) < 0
            ? source[..at] + New + source[(at + Old.Length)..]
            : throw new FormatException($"{Path} has not exactly once: {Old}");
    }
}
