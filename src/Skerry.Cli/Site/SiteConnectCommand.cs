using System.CommandLine;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Site;

internal sealed class SiteConnectCommand : SiteActionCommand
{
    private readonly Option<string> _address = new("--address")
    {
        Description = "Where this site dials the other from now on.",
        HelpName = "HOST:PORT",
    };

    public SiteConnectCommand()
        : base(
            "connect",
            "Put back a link that `skerry site disconnect` took down, or give the address to dial.",
            "skerry site connect south",
            "skerry site connect south --address south.example:8777") => Options.Add(_address);

    protected override SiteActionRequest Request(Invocation invocation) =>
        base.Request(invocation) with { Address = invocation.Get(_address) };
}
