using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Replication;

internal sealed class ReplicationSetCommand : DataCommand
{
    private readonly Argument<string> _replication = ReplicationArgument.Create();

    private readonly SettingsOptions _settings = new(isNew: false);

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
        Arguments.Add(_replication);
        _settings.AddTo(this);
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
        var settings = _settings.Read(invocation);
        var replication = await invocation.Names.ReplicationAsync(invocation.Get(_replication), cancellationToken);
        var reply = await invocation.Client.Replications.UpdateAsync(replication.Id, settings, cancellationToken);
        invocation.Print(ReplicationView.Replication, reply.Replication);
        return ExitCodes.Done;
    }
}
