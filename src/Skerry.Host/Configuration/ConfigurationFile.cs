using System.Collections;

namespace Skerry.Host.Configuration;

/// <summary>Reads a configuration from disk and the environment of the process, and tells a person what is wrong with it.</summary>
internal static class ConfigurationFile
{
    /// <summary>Null after every mistake was written to <paramref name="errors"/>.</summary>
    public static SiteConfiguration? Load(string path, TextWriter errors)
    {
        string text;
        List<ConfigurationMistake> mistakes = [];
        IReadOnlyDictionary<string, string> dotEnv;
        try
        {
            text = File.ReadAllText(path);
            dotEnv = DotEnvFile.Load(path, mistakes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"skerryd: cannot read the configuration {path}: {e.Message}");
            return null;
        }

        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "", StringComparer.Ordinal);
        var (site, found) = ConfigurationReader.Read(text, environment, dotEnv);
        mistakes.AddRange(found);
        foreach (var mistake in mistakes)
        {
            errors.WriteLine($"{path}: {mistake}");
        }

        if (mistakes.Count > 0)
        {
            errors.WriteLine($"skerryd: {mistakes.Count} {(mistakes.Count == 1 ? "mistake" : "mistakes")} in the configuration; nothing was started.");
            return null;
        }

        return site;
    }
}
