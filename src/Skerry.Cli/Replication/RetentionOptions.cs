using System.CommandLine;

namespace Skerry.Cli.Replication;

/// <summary>How long the states of past runs are kept, as <c>create</c> and <c>set</c> take it. What can be said is the site's to judge.</summary>
internal sealed class RetentionOptions
{
    private readonly Option<string> _source = new("--keep-source")
    {
        Description = "Keep each run's state as a snapshot at the source for so long: the newest COUNT, and all that are younger than AGE (s, m, h, d, w); none ends it.",
        HelpName = "count=N,age=TIME",
    };

    private readonly Option<string> _target = new("--keep-target")
    {
        Description = "The same at the replica, where snapshots that are deleted at the primary are kept for so long, too.",
        HelpName = "count=N,age=TIME",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_source);
        command.Options.Add(_target);
    }

    public string? Source(Invocation invocation) => invocation.Get(_source);

    public string? Target(Invocation invocation) => invocation.Get(_target);
}
