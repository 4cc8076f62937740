namespace Skerry.Cli.Site;

internal sealed class SiteAcceptCommand() : SiteActionCommand(
    "accept",
    "Say that a site that was restored or ran twice was dealt with: its alert ends.",
    "skerry site accept south");
