using System.CommandLine;

namespace Skerry.Cli.Volume;

internal static class VolumeArgument
{
    public static Argument<string> Create() => new("VOLUME") { Description = "Name or id of the volume." };
}
