using System.CommandLine;

namespace Skerry.Cli.Volume;

/// <summary>After which time a drill, of a volume or a group, is dropped by itself.</summary>
internal static class DrillLimit
{
    public static Option<string> Create() => new("--limit")
    {
        Description = "Drop it by itself after this time, as 90m or 2d; else after a day.",
        HelpName = "TIME",
    };

    public static long? Seconds(Invocation invocation, Option<string> option) => Span.Of(invocation, option, "Examples: 90m, 2h, 1d.");
}
