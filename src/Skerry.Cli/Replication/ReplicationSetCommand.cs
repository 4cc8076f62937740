using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Replication;

internal sealed class ReplicationSetCommand : DataCommand
{
    private readonly Argument<string> _replication = ReplicationArgument.Create();

    private readonly Option<string> _mode = new("--mode")
    {
        Description = "instant streams every write; one-time ships one snapshot; periodic ships one at an interval or at times of day.",
        HelpName = "instant|one-time|periodic",
    };

    private readonly ScheduleOptions _schedule = new();
    private readonly RetentionOptions _retention = new();
    private readonly AckArguments _acks = new();

    private readonly Option<string> _onReturn = new("--on-return")
    {
        Description = "What a former primary does when it comes back: resync at once, or wait for `skerry volume resync`.",
        HelpName = "resync|wait",
    };

    public ReplicationSetCommand()
        : base(
            "set",
            "Change how a replication runs; what is not named stays, and the replica with what it has stays too.",
            "skerry replication set data --mode periodic --interval 15m",
            "skerry replication set data --mode periodic --at 02:30 --days mon-fri --time-zone Europe/Berlin",
            "skerry replication set data --mode instant",
            "skerry replication set data --keep-source count=24 --keep-target count=24,age=30d",
            "skerry replication set data --ack replica --on-isolation stop --failover automatic")
    {
        _mode.OneOf("instant", "one-time", "periodic");
        _onReturn.OneOf("resync", "wait");
        Arguments.Add(_replication);
        Options.Add(_mode);
        _schedule.AddTo(this);
        _retention.AddTo(this);
        Options.Add(_onReturn);
        _acks.AddTo(this);
        Validators.Add(result =>
        {
            if (Options.All(option => option == SharedOptions.Format || option == SharedOptions.Column || result.GetResult(option) is null))
            {
                result.AddError(
                    "Say what to change: --mode, --interval, --at, --days, --time-zone, --start, --keep-source, --keep-target, --on-return, --ack, --on-isolation or --failover.");
            }
        });
    }

    public override IView View => ReplicationView.Replication;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var request = new ReplicationUpdateRequest
        {
            Mode = invocation.Get(_mode),
            IntervalSeconds = _schedule.IntervalSeconds(invocation),
            StartAt = _schedule.StartAt(invocation),
            At = _schedule.At(invocation),
            Days = _schedule.Days(invocation),
            TimeZone = _schedule.TimeZone(invocation),
            KeepSource = _retention.Source(invocation),
            KeepTarget = _retention.Target(invocation),
            OnReturn = invocation.Get(_onReturn),
            Ack = _acks.Ack(invocation),
            OnIsolation = _acks.OnIsolation(invocation),
            Failover = _acks.Failover(invocation),
        };
        var replication = await invocation.Names.ReplicationAsync(invocation.Get(_replication), cancellationToken);
        var reply = await invocation.Client.Replications.UpdateAsync(replication.Id, request, cancellationToken);
        invocation.Print(ReplicationView.Replication, reply.Replication);
        return ExitCodes.Done;
    }
}
