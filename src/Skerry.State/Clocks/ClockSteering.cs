namespace Skerry.State.Clocks;

/// <summary>What is to be done about this site's clock.</summary>
/// <param name="Correction">To be added to the wall clock of this moment.</param>
/// <param name="Ahead">How far the time that the peers agree on is ahead of the wall clock, when they last agreed; null when they never did.</param>
/// <param name="IsOff">They agreed that it is off by more than the limit.</param>
public readonly record struct ClockJudgement(TimeSpan Correction, TimeSpan? Ahead, bool IsOff);

/// <summary>Brings the time that a site stamps with to the time that its peers agree on, without a jump.</summary>
/// <remarks>
/// <para>Invariant: while the peers agree that this site is off, or a correction is in force, the corrected time passes at between 9/10
/// and 11/10 of the pace of the steady clock, whatever the wall clock does. When the wall clock itself says what the peers agree on,
/// it is followed at once: then all jump together, or nobody does.</para>
/// <para>While the peers do not agree, or there are too few of them, the correction stays as it is; a site that never had such peers
/// follows its wall clock.</para>
/// </remarks>
/// <param name="time">The wall clock and the steady one.</param>
/// <param name="limit"><c>clock_limit</c>.</param>
/// <param name="correction">What was in force when the site stopped.</param>
public sealed class ClockSteering(TimeProvider time, TimeSpan limit, TimeSpan correction)
{
    private const double Pace = 0.1;

    // What the links measured may be so old: a few heartbeats.
    private static readonly TimeSpan MeasuresAge = TimeSpan.FromSeconds(5);

    private TimeSpan _correction = correction;
    private TimeSpan? _ahead;
    private long _steppedAt = time.GetTimestamp();
    private DateTimeOffset _wall = time.GetUtcNow();
    private TimeSpan _untilMeasuresCount;

    /// <param name="peersAhead">How far the clock of each linked peer is ahead of this site's wall clock, as measured of late.</param>
    public ClockJudgement Step(IReadOnlyList<TimeSpan> peersAhead)
    {
        var now = time.GetTimestamp();
        var wall = time.GetUtcNow();
        var passed = time.GetElapsedTime(_steppedAt, now);
        var jumped = wall - _wall - passed;
        (_steppedAt, _wall) = (now, wall);
        _untilMeasuresCount -= passed;
        if (jumped.Duration() > ClockAgreement.Tolerance && (_correction != TimeSpan.Zero || _ahead is not null))
        {
            // What the links say was measured against the clock as it was before.
            _correction -= jumped;
            _ahead -= jumped;
            _untilMeasuresCount = MeasuresAge;
        }

        if (_untilMeasuresCount <= TimeSpan.Zero && ClockAgreement.Of(peersAhead) is { } ahead)
        {
            _ahead = ahead;
            var missing = ahead - _correction;
            var most = passed * Pace;
            _correction = ahead == TimeSpan.Zero || missing.Duration() <= most ? ahead : _correction + (most * Math.Sign(missing.Ticks));
        }

        return new ClockJudgement(_correction, _ahead, _ahead is { } off && off.Duration() > limit);
    }
}
