using System.CommandLine;

namespace Skerry.Cli.Site;

internal static class SiteArgument
{
    public static Argument<string> Create() => new("SITE") { Description = "Name or id of the site." };
}
