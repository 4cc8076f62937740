using System.CommandLine;
using System.Globalization;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Replication;

internal sealed class ReplicationCreateCommand : DataCommand
{
    private readonly Argument<string> _volume = new("VOLUME") { Description = "Name or id of the volume." };

    private readonly Option<string> _to = new("--to")
    {
        Description = "Site of the replica, and its backend there when it is not the site's only one.",
        HelpName = "SITE[@BACKEND]",
        Required = true,
    };

    private readonly Option<string> _mode = new("--mode")
    {
        Description = "instant streams every write; one-time ships one snapshot; periodic ships one at an interval.",
        HelpName = "instant|one-time|periodic",
        DefaultValueFactory = _ => "instant",
    };

    private readonly Option<string> _interval = new("--interval")
    {
        Description = "Between two runs of periodic mode, as 15m or 1h30m.",
        HelpName = "TIME",
    };

    private readonly Option<string> _start = new("--start")
    {
        Description = "First run of periodic mode, as 2027-01-31T22:00 (UTC unless it says otherwise); else at once.",
        HelpName = "TIME",
    };

    private readonly Option<string> _onReturn = new("--on-return")
    {
        Description = "What a former primary does when it comes back: resync at once, or wait for `skerry volume resync`.",
        HelpName = "resync|wait",
    };

    public ReplicationCreateCommand()
        : base(
            "create",
            "Keep a replica of a volume at another site.",
            "skerry replication create data --to south --mode instant --wait",
            "skerry replication create data --to south@ssd --mode periodic --interval 15m",
            "skerry replication create data --to south --mode periodic --interval 1d --start 2027-01-31T22:00")
    {
        _mode.OneOf("instant", "one-time", "periodic");
        _onReturn.OneOf("resync", "wait");
        Arguments.Add(_volume);
        Options.Add(_to);
        Options.Add(_mode);
        Options.Add(_interval);
        Options.Add(_start);
        Options.Add(_onReturn);
        Options.Add(SharedOptions.Wait);
    }

    public override IView View => ReplicationView.Replication;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var (siteName, backend) = Target(invocation.Get(_to)!);
        var mode = invocation.Get(_mode);
        var intervalSeconds = Interval(invocation.Get(_interval), mode!);
        var startAt = Start(invocation.Get(_start), mode!);
        var volume = await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken);
        var site = await invocation.Names.SiteAsync(siteName, cancellationToken);
        if (backend is not null && site.Backends is { Count: > 0 } backends && backends.All(b => b.Name != backend))
        {
            throw new NotFoundException(
                $"Site {site.Name} has no backend {backend}.", $"It has {string.Join(", ", backends.Select(b => b.Name))}.");
        }

        var reply = await invocation.Client.Replications.CreateAsync(
            new ReplicationCreateRequest(volume.Id, site.Id, backend, mode, intervalSeconds, startAt, invocation.Get(_onReturn)),
            cancellationToken);
        var replication = reply.Replication;
        if (invocation.IsWaiting)
        {
            if (reply.OperationId is { } operation)
            {
                await invocation.Waits.ForOperationAsync(operation, cancellationToken);
            }

            replication = await invocation.Waits.ForReplicaAsync(replication.Id, null, cancellationToken);
        }

        invocation.Print(ReplicationView.Replication, replication);
        return ExitCodes.Done;
    }

    private static (string Site, string? Backend) Target(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var (site, backend) = at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
        return site.Length == 0 || backend is { Length: 0 }
            ? throw new UsageException($"--to {text} is not SITE or SITE@BACKEND.")
            : (site, backend);
    }

    private static long? Interval(string? text, string mode)
    {
        if (text is null)
        {
            return mode == "periodic" ? throw new UsageException("Periodic mode needs an interval.", "An example: --interval 15m") : null;
        }

        if (mode != "periodic")
        {
            throw new UsageException($"--interval is for periodic mode, not for {mode}.");
        }

        return Span.Parse(text) is > 0 and var seconds
            ? seconds
            : throw new UsageException($"--interval {text} is not a length of time.", "Examples: 90s, 15m, 1h30m, 1d.");
    }

    private static DateTimeOffset? Start(string? text, string mode)
    {
        if (text is null)
        {
            return null;
        }

        if (mode != "periodic")
        {
            throw new UsageException($"--start is for periodic mode, not for {mode}.");
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new UsageException($"--start {text} is not a time.", "An example: 2027-01-31T22:00");
    }
}
