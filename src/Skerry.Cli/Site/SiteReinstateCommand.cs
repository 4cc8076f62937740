namespace Skerry.Cli.Site;

internal sealed class SiteReinstateCommand() : SiteActionCommand(
    "reinstate",
    "Take back `skerry site fail`, `skerry site fence` or `skerry site evict`: the site is a full member again.",
    "skerry site reinstate south");
