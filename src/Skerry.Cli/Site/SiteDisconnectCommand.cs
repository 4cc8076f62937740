namespace Skerry.Cli.Site;

internal sealed class SiteDisconnectCommand() : SiteActionCommand(
    "disconnect",
    "Take down the link to a site by hand, until `skerry site connect`; both go on alone. Naming the asked site takes down all its links.",
    "skerry site disconnect south",
    "skerry site disconnect south --reason \"new router\"");
