namespace Skerry.Cli.Site;

internal sealed class SiteReinstateCommand() : SiteActionCommand(
    "reinstate",
    "Take back `skerry site fail` or `skerry site fence`: the site is a full member again.",
    "skerry site reinstate south");
