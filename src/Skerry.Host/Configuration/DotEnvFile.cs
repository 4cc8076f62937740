namespace Skerry.Host.Configuration;

/// <summary>
/// A <c>.env</c> file: <c>NAME=value</c> a line, <c>export</c> allowed before it, quotes around the value taken off. Looked for beside
/// the configuration file, then in the working directory; the first that is there counts.
/// </summary>
internal static class DotEnvFile
{
    public static IReadOnlyDictionary<string, string> Load(string configurationPath, List<ConfigurationMistake> mistakes)
    {
        var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(configurationPath))!, ".env");
        var path = File.Exists(beside) ? beside : Path.GetFullPath(".env");
        return File.Exists(path) ? Parse(File.ReadAllText(path), mistakes) : new Dictionary<string, string>();
    }

    public static IReadOnlyDictionary<string, string> Parse(string text, List<ConfigurationMistake> mistakes)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            line = line.StartsWith("export ", StringComparison.Ordinal) ? line["export ".Length..].TrimStart() : line;
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                mistakes.Add(new($".env line {number}", $"'{line}' is not NAME=value."));
                continue;
            }

            var value = line[(equals + 1)..].Trim();
            if (value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0])
            {
                value = value[1..^1];
            }

            variables[line[..equals].Trim()] = value;
        }

        return variables;
    }
}
