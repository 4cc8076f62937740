using System.CommandLine;
using Skerry.Host;
using Skerry.Host.Configuration;

var file = new Option<string>("--config") { Description = "The site's configuration file.", Required = true, HelpName = "FILE" };
var check = new Command("check", "Reads the configuration and reports every mistake, without starting anything.") { file };
check.SetAction(parsed => ConfigurationFile.Load(parsed.GetValue(file)!, Console.Error) is { } site ? Say(site) : ExitCodes.Usage);
var root = new RootCommand("""
    skerryd: the daemon of one Skerry site.

    Examples:
      skerryd --config /etc/skerry/skerry.conf
      skerryd check --config /etc/skerry/skerry.conf
    """) { file, check };
root.SetAction(async (parsed, cancellationToken) =>
    ConfigurationFile.Load(parsed.GetValue(file)!, Console.Error) is { } site
        ? await SiteDaemon.RunAsync(site, cancellationToken)
        : ExitCodes.Usage);
var invocation = root.Parse(args);
return invocation.Errors.Count > 0 ? await ReportAsync(invocation) : await invocation.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });

static int Say(SiteConfiguration site)
{
    Console.WriteLine($"The configuration of site {site.Name} is good: API on {site.Listen}, sync on {site.SyncListen}, NBD on {site.NbdListen},");
    Console.WriteLine($"state in {site.Store}, backends: {(site.Backends.Count == 0 ? "none" : string.Join(", ", site.Backends.Select(b => $"{b.Name} in {b.Directory}")))}.");
    return ExitCodes.Done;
}

static async Task<int> ReportAsync(ParseResult invocation)
{
    await invocation.InvokeAsync();
    return ExitCodes.Usage;
}
