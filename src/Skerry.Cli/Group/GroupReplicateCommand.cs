using System.CommandLine;
using System.Globalization;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Group;

internal sealed class GroupReplicateCommand : DataCommand
{
    private readonly Argument<string> _group = GroupArgument.Create();

    private readonly Option<string> _to = new("--to")
    {
        Description = "Site of the replicas, and their backend there when it is not the site's only one.",
        HelpName = "SITE[@BACKEND]",
        Required = true,
    };

    private readonly Option<string> _mode = new("--mode")
    {
        Description = "instant streams every write and cuts at an interval; one-time and periodic ship cuts.",
        HelpName = "instant|one-time|periodic",
        DefaultValueFactory = _ => "instant",
    };

    private readonly Option<string> _interval = new("--interval") { Description = "Between two runs of periodic mode, as 15m or 1h30m.", HelpName = "TIME" };

    private readonly Option<string> _start = new("--start")
    {
        Description = "First run of periodic mode, as 2027-01-31T22:00 (UTC unless it says otherwise); else at once.",
        HelpName = "TIME",
    };

    private readonly Option<string> _cutInterval = new("--cut-interval")
    {
        Description = "Between two cuts of instant mode, from 1s to 1h; 5s unless given.",
        HelpName = "TIME",
    };

    private readonly Option<string> _onReturn = new("--on-return")
    {
        Description = "What former primaries do when they come back: resync at once, or wait for `skerry volume resync`.",
        HelpName = "resync|wait",
    };

    public GroupReplicateCommand()
        : base(
            "replicate",
            "Keep replicas of all volumes of a group at another site, cut at one instant. Asking again adds what is missing.",
            "skerry group replicate database --to south",
            "skerry group replicate database --to south --cut-interval 2s",
            "skerry group replicate database --to south@ssd --mode periodic --interval 15m")
    {
        _mode.OneOf("instant", "one-time", "periodic");
        _onReturn.OneOf("resync", "wait");
        Arguments.Add(_group);
        Options.Add(_to);
        Options.Add(_mode);
        Options.Add(_interval);
        Options.Add(_start);
        Options.Add(_cutInterval);
        Options.Add(_onReturn);
    }

    public override IView View => GroupView.Group;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var to = invocation.Get(_to)!;
        var at = to.IndexOf('@', StringComparison.Ordinal);
        var (site, backend) = at < 0 ? (to, null) : (to[..at], to[(at + 1)..]);
        if (site.Length == 0 || backend is { Length: 0 })
        {
            throw new UsageException($"--to {to} is not SITE or SITE@BACKEND.");
        }

        var request = new GroupReplicateRequest(
            (await invocation.Names.SiteAsync(site, cancellationToken)).Id, backend, invocation.Get(_mode), Seconds(_interval), Start(invocation),
            invocation.Get(_onReturn), Seconds(_cutInterval));
        invocation.Print(GroupView.Group, await invocation.Client.Groups.ReplicateAsync(invocation.Get(_group), request, cancellationToken));
        return ExitCodes.Done;

        long? Seconds(Option<string> option) => invocation.Get(option) is not { } text ? null
            : Span.Parse(text) is > 0 and var seconds ? seconds
            : throw new UsageException($"{option.Name} {text} is not a length of time.", "Examples: 90s, 15m, 1h30m.");
    }

    private DateTimeOffset? Start(Invocation invocation) => invocation.Get(_start) is not { } text ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time
        : throw new UsageException($"--start {text} is not a time.", "An example: 2027-01-31T22:00");
}
