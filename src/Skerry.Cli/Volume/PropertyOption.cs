using System.CommandLine;

namespace Skerry.Cli.Volume;

internal static class PropertyOption
{
    public static Option<string[]> Create() => new("--property")
    {
        Description = "A key and its value, kept with the volume; can be repeated.",
        HelpName = "KEY=VALUE",
    };

    public static Dictionary<string, string> Parse(IEnumerable<string> properties)
    {
        var parsed = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in properties)
        {
            var at = property.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
            {
                throw new UsageException($"--property {property} is not KEY=VALUE.");
            }

            parsed[property[..at]] = property[(at + 1)..];
        }

        return parsed;
    }
}
