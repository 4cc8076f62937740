using System.CommandLine;
using System.Globalization;

namespace Skerry.Cli.Replication;

/// <summary>When periodic mode runs, as <c>create</c> and <c>set</c> take it. What goes with what is the site's to judge.</summary>
internal sealed class ScheduleOptions
{
    private readonly Option<string> _interval = new("--interval")
    {
        Description = "Between two runs of periodic mode, as 15m or 1h30m.",
        HelpName = "TIME",
    };

    private readonly Option<string> _at = new("--at")
    {
        Description = "Times of day of periodic mode in place of an interval, as 02:30 or 02:30,14:30.",
        HelpName = "TIME",
    };

    private readonly Option<string> _days = new("--days")
    {
        Description = "Days of --at, as mon-fri or mon,wed,sun; else each day.",
        HelpName = "DAYS",
    };

    private readonly Option<string> _timeZone = new("--time-zone")
    {
        Description = "Zone whose clocks --at means, as Europe/Berlin; else UTC. A time that daylight saving skips is the moment after the gap.",
        HelpName = "ZONE",
    };

    private readonly Option<string> _start = new("--start")
    {
        Description = "First run of periodic mode, or the run of one-time mode, as 2027-01-31T22:00 (UTC unless it says otherwise); else at once.",
        HelpName = "TIME",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_interval);
        command.Options.Add(_at);
        command.Options.Add(_days);
        command.Options.Add(_timeZone);
        command.Options.Add(_start);
    }

    public string? At(Invocation invocation) => invocation.Get(_at);

    public string? Days(Invocation invocation) => invocation.Get(_days);

    public string? TimeZone(Invocation invocation) => invocation.Get(_timeZone);

    public long? IntervalSeconds(Invocation invocation) => Seconds(invocation, _interval);

    public DateTimeOffset? StartAt(Invocation invocation) => Moment(invocation, _start);

    /// <summary>A length of time; null when the option is not given.</summary>
    internal static long? Seconds(Invocation invocation, Option<string> option) =>
        Span.Of(invocation, option, "Examples: 90s, 15m, 1h30m, 1d.");

    /// <summary>A point in time, UTC unless it says otherwise; null when the option is not given.</summary>
    internal static DateTimeOffset? Moment(Invocation invocation, Option<string> option) =>
        invocation.Get(option) is not { } text ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time
        : throw new UsageException($"{option.Name} {text} is not a time.", "An example: 2027-01-31T22:00");

    /// <summary>What is wrong whatever the site thinks, told before it is asked.</summary>
    public void Check(Invocation invocation, string mode)
    {
        var (hasInterval, hasTimes) = (invocation.Get(_interval) is not null, At(invocation) is not null);
        if (mode == "periodic")
        {
            if (!hasInterval && !hasTimes)
            {
                throw new UsageException("Periodic mode needs an interval or times of day.", "Examples: --interval 15m, or --at 02:30 --days mon-fri.");
            }

            return;
        }

        if (hasInterval || hasTimes)
        {
            throw new UsageException($"{(hasInterval ? "--interval" : "--at")} is for periodic mode, not for {mode}.");
        }

        if (mode == "instant" && invocation.Get(_start) is not null)
        {
            throw new UsageException("--start is for periodic and one-time mode, not for instant.");
        }
    }
}
