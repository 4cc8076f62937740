using System.CommandLine;

namespace Skerry.Cli.Group;

internal static class GroupArgument
{
    public static Argument<string> Create() => new("GROUP") { Description = "Name or id of the group." };

    public static Argument<string> Volume() => new("VOLUME") { Description = "Name or id of the volume." };
}
