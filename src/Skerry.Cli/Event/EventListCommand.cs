using System.CommandLine;
using System.Globalization;
using Skerry.Cli.Output;

namespace Skerry.Cli.Event;

internal sealed class EventListCommand : DataCommand
{
    private readonly Option<string> _kind = new("--kind") { Description = "Only those of this kind.", HelpName = "KIND" };
    private readonly Option<string> _volume = new("--volume") { Description = "Only those of this volume, by name or id.", HelpName = "VOLUME" };

    private readonly Option<string> _since = new("--since")
    {
        Description = "Only those noticed since then: a length of time up to now, as 2h, or a moment, as 2027-01-31T22:00 (UTC unless it says otherwise).",
        HelpName = "TIME",
    };

    public EventListCommand()
        : base(
            "list",
            "Show what happened at the site that is asked, oldest first: role changes, missed runs, divergence, replicas that fall behind, transfers, moves of groups and sites, alerts, conflicts.",
            "skerry event list --since 2h",
            "skerry event list --kind volume.promoted --os-region-name south",
            "skerry event list --volume data -f json")
    {
        _kind.OneOf(
            "volume.promoted", "volume.demoted", "volume.diverged", "volume.split_brain", "replication.runs_missed", "replication.behind",
            "replication.caught_up", "replication.transfer", "group.failover", "site.failover", "alert.raised", "alert.cleared",
            "conflict.arisen", "conflict.settled");
        Options.Add(_kind);
        Options.Add(_volume);
        Options.Add(_since);
    }

    public override IView View => EventView.Event;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var since = Since(invocation);
        var volume = invocation.Get(_volume) is { } wanted ? await invocation.Names.VolumeAsync(wanted, cancellationToken) : null;
        invocation.Print(
            EventView.Event, await invocation.Client.Events.ListAsync(invocation.Get(_kind), volume?.Id, since, cancellationToken));
        return ExitCodes.Done;
    }

    private DateTimeOffset? Since(Invocation invocation) =>
        invocation.Get(_since) is not { } text ? null
        : Span.Parse(text) is { } seconds ? invocation.Surroundings.Time.GetUtcNow().AddSeconds(-seconds)
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time
        : throw new UsageException($"--since {text} is neither a length of time nor a moment.", "Examples: 2h, 1d, 2027-01-31T22:00.");
}
