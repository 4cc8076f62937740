using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Cli.Replication;
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

    private readonly RetentionOptions _retention = new();

    public GroupReplicateCommand()
        : base(
            "replicate",
            "Keep replicas of all volumes of a group at another site, cut at one instant. Asking again adds what is missing.",
            "skerry group replicate database --to south",
            "skerry group replicate database --to south --cut-interval 2s",
            "skerry group replicate database --to south@ssd --mode periodic --interval 15m",
            "skerry group replicate database --to south --mode periodic --interval 15m --keep-target count=24,age=7d")
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
        _retention.AddTo(this);
    }

    public override IView View => GroupView.Group;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var (site, backend) = ReplicationCreateCommand.Target(invocation.Get(_to)!);
        var request = new GroupReplicateRequest(
            (await invocation.Names.SiteAsync(site, cancellationToken)).Id, backend, invocation.Get(_mode),
            ScheduleOptions.Seconds(invocation, _interval), ScheduleOptions.Moment(invocation, _start), invocation.Get(_onReturn),
            ScheduleOptions.Seconds(invocation, _cutInterval))
        {
            KeepSource = _retention.Source(invocation),
            KeepTarget = _retention.Target(invocation),
        };
        invocation.Print(GroupView.Group, await invocation.Client.Groups.ReplicateAsync(invocation.Get(_group), request, cancellationToken));
        return ExitCodes.Done;
    }
}
