using System.CommandLine;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Replication;

/// <summary>What can be chosen about a replication, the same where one is made and where one is changed.</summary>
internal sealed class SettingsOptions
{
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

    /// <param name="isNew">For a replication that is made, which has a mode in any case.</param>
    public SettingsOptions(bool isNew)
    {
        _mode.OneOf("instant", "one-time", "periodic");
        _onReturn.OneOf("resync", "wait");
        if (isNew)
        {
            _mode.DefaultValueFactory = _ => "instant";
        }
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_mode);
        _schedule.AddTo(command);
        _retention.AddTo(command);
        command.Options.Add(_onReturn);
        _acks.AddTo(command);
    }

    public ReplicationSettingsRequest Read(Invocation invocation) => new()
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

    /// <summary>As <see cref="Read"/> of a replication that is made: what is wrong whatever the site thinks is told before it is asked.</summary>
    public ReplicationSettingsRequest ReadNew(Invocation invocation)
    {
        _schedule.Check(invocation, invocation.Get(_mode)!);
        return Read(invocation);
    }
}
