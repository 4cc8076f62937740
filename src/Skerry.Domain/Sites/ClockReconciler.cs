using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>What a site wrote down of its own clock, for the next start and for all who look.</summary>
/// <param name="CorrectionMilliseconds">What it adds to its wall clock for its stamps.</param>
/// <param name="AheadMilliseconds">How far the time that its peers agree on is ahead of its wall clock.</param>
/// <param name="IsUnsure">It is off by more than <c>clock_limit</c>: the site's writes rank below all others.</param>
internal sealed record ClockRecord(long CorrectionMilliseconds, long AheadMilliseconds, bool IsUnsure)
{
    public TimeSpan Correction => TimeSpan.FromMilliseconds(CorrectionMilliseconds);

    public TimeSpan Ahead => TimeSpan.FromMilliseconds(AheadMilliseconds);

    public static ClockRecord? Of(Entity? site) => site?.Json(SiteFields.Clock, SitesJson.Default.ClockRecord);
}

/// <summary>
/// Corrects the clock that this site stamps with by what its links measure, and writes the correction down, so that a restart goes on
/// with it.
/// </summary>
public sealed class ClockReconciler : IReconciler
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    // What is written down may be so far off what is in force: a restart jumps by no more.
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(1);

    private readonly SiteContext _site;
    private readonly ILinkStatus _links;
    private readonly ClockSteering _steering;

    /// <param name="site">This site; its clock is corrected at once as it was before the restart.</param>
    /// <param name="links">What measures.</param>
    /// <param name="limit"><c>clock_limit</c>.</param>
    public ClockReconciler(SiteContext site, ILinkStatus links, TimeSpan limit)
    {
        _site = site;
        _links = links;
        var record = Restore(site.Replica);
        _steering = new ClockSteering(site.Time, limit, record?.Correction ?? TimeSpan.Zero);
    }

    public string Name => "clock";

    public IReadOnlyCollection<string> Kinds { get; } = [];

    /// <summary>Puts the correction in force that was when the site stopped. To be called before the site makes a stamp.</summary>
    public static void RestoreCorrection(Replica replica) => Restore(replica);

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var judged = _steering.Step(
        [
            .. _links.Reports
                .Where(r => r.Health is LinkHealth.Live or LinkHealth.CatchingUp)
                .Select(r => r.DriftMilliseconds)
                .OfType<double>()
                .Select(TimeSpan.FromMilliseconds),
        ]);
        _site.Replica.Clock.Correct(judged.Correction, judged.IsOff);
        var before = Read(_site.Replica);
        if (!IsNews(before, judged))
        {
            return StepResult.After(Pace);
        }

        var record = new ClockRecord(
            (long)judged.Correction.TotalMilliseconds, (long)(judged.Ahead ?? TimeSpan.Zero).TotalMilliseconds, judged.IsOff);
        await _site.MeasureAsync(
            Actor.System(Name),
            transaction => transaction.SetIfDifferent(
                SiteFields.Site(_site.SelfText), SiteFields.Clock, FieldValue.Serialize(record, SitesJson.Default.ClockRecord), DomainSchema.OwnerRank),
            cancellationToken);
        var result = StepResult.After(Pace);
        return record.IsUnsure == (before?.IsUnsure ?? false) ? result : result.With(new StepReport(Tell(record), IsProblem: record.IsUnsure));
    }

    private static ClockRecord? Restore(Replica replica)
    {
        var record = Read(replica);
        if (record is not null)
        {
            replica.Clock.Correct(record.Correction, record.IsUnsure);
        }

        return record;
    }

    private static ClockRecord? Read(Replica replica) => ClockRecord.Of(replica.Find(SiteFields.Site(replica.Site.ToString())));

    private static bool IsNews(ClockRecord? before, ClockJudgement judged)
    {
        var (correction, ahead, unsure) = (before?.Correction ?? default, before?.Ahead ?? default, before?.IsUnsure ?? false);
        var arrived = judged.Correction == (judged.Ahead ?? correction) && (correction - judged.Correction).Duration() > ClockAgreement.Tolerance;
        return unsure != judged.IsOff
            || arrived
            || (correction - judged.Correction).Duration() >= Kept
            || (judged.Ahead is { } now && (ahead - now).Duration() >= Kept);
    }

    private static string Tell(ClockRecord record) => record.IsUnsure
        ? $"The clock of this site is {record.Ahead.Duration()} {(record.Ahead > TimeSpan.Zero ? "behind" : "ahead")}, as its peers agree; its writes rank below all others until it is set."
        : "The clock of this site agrees with those of its peers again.";
}
