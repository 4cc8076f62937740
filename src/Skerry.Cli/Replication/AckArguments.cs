using System.CommandLine;

namespace Skerry.Cli.Replication;

/// <summary>What acknowledgements promise, and who promotes: the same for a replication that is made and for one that is changed.</summary>
internal sealed class AckArguments
{
    private readonly Option<string> _ack = new("--ack")
    {
        Description = "Where a flush is durable when it is acknowledged: at the primary (local), or there and at the replica.",
        HelpName = "local|replica",
    };

    private readonly Option<string> _onIsolation = new("--on-isolation")
    {
        Description = "What the primary does with the replica out of reach: go on alone, or hold writes and flushes until it is back.",
        HelpName = "continue|stop",
    };

    private readonly Option<string> _failover = new("--failover")
    {
        Description = "Who promotes the replica when the primary's site is lost: a person, or its own site. Automatic needs --on-isolation stop.",
        HelpName = "manual|automatic",
    };

    public AckArguments()
    {
        _ack.OneOf("local", "replica");
        _onIsolation.OneOf("continue", "stop");
        _failover.OneOf("manual", "automatic");
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_ack);
        command.Options.Add(_onIsolation);
        command.Options.Add(_failover);
    }

    public string? Ack(Invocation invocation) => invocation.Get(_ack);

    public string? OnIsolation(Invocation invocation) => invocation.Get(_onIsolation);

    public string? Failover(Invocation invocation) => invocation.Get(_failover);
}
