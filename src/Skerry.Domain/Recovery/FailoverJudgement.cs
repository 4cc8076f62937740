using System.Globalization;
using Skerry.Domain.Replication;

namespace Skerry.Domain.Recovery;

/// <summary>What is known, at one site, of a copy that may be promoted without the primary's consent.</summary>
/// <param name="VolumeId">The volume.</param>
/// <param name="Primary">Who is primary by generation.</param>
/// <param name="FromName">The primary's name; empty when nobody is.</param>
/// <param name="ToSite">The site of the copy, as a site id.</param>
/// <param name="ToName">Its name.</param>
/// <param name="IsWhole">Whether the copy has a state to promote.</param>
/// <param name="Number">The last write number of that state; null when only a recovery point is known.</param>
/// <param name="RecoveryPoint">The newest state whose time is known.</param>
/// <param name="OwedBytes">What the primary owed when last heard.</param>
/// <param name="HeardAt">When the primary was last heard there.</param>
/// <param name="KnownAt">When all this was true.</param>
/// <param name="IsPrimaryConnected">Whether the primary is alive and connected to the site that judges.</param>
internal sealed record PromotionFacts(
    string VolumeId,
    PrimaryView Primary,
    string FromName,
    string ToSite,
    string ToName,
    bool IsWhole,
    long? Number,
    RecoveryPoint? RecoveryPoint,
    long? OwedBytes,
    DateTimeOffset? HeardAt,
    DateTimeOffset KnownAt,
    bool IsPrimaryConnected)
{
    /// <summary>The site through which the primary is reached; null when it is not, or is directly.</summary>
    public string? Via { get; init; }

    /// <summary>Why the copy can never be promoted, whatever the state of things; null when it can.</summary>
    public Refusal? Unfit { get; init; }

    /// <summary>How far the clock of the copy's site is ahead of that of the site that judges.</summary>
    public TimeSpan ClockAhead { get; init; }

    /// <summary>
    /// When the recovery point was the primary's state, by the clock of the site that judges, or earlier. Where the primary did not tell
    /// it by the copy's clock, by its own.
    /// </summary>
    public DateTimeOffset? WholeAt => RecoveryPoint is { } point ? point.TakenAtHere - ClockAhead ?? point.TakenAt : null;

    /// <summary>What is known of acknowledged flushes; null where they never waited for the copy.</summary>
    public string? Flushes { get; init; }

    /// <summary>The copies that could be promoted, as far as is known, the most advanced first.</summary>
    public IReadOnlyList<CopyStanding> Copies { get; init; } = [];

    /// <summary>The most advanced of them, when it is another one and further than the one to promote.</summary>
    public CopyStanding? Ahead =>
        Copies is [var best, ..] && best.Site != ToSite && Copies.FirstOrDefault(c => c.Site == ToSite) is { } own && best.CompareTo(own) > 0 ? best : null;
}

/// <summary>Whether a copy may be promoted, and what that may lose. Pure.</summary>
internal static class FailoverJudgement
{
    public static FailoverPreview Of(PromotionFacts facts, bool isForced, DateTimeOffset now)
    {
        var current = facts.Primary.Current;
        var losesNothing = current.IsDemoted && facts.Number >= current.ForkNumber;
        return new FailoverPreview(
            facts.VolumeId, current.Site, facts.ToSite, isForced, facts.RecoveryPoint,
            facts.WholeAt is { } wholeAt && !losesNothing ? Math.Max(0, (now - wholeAt).TotalSeconds) : null,
            losesNothing ? 0 : facts.OwedBytes, facts.HeardAt, facts.KnownAt, Check(facts, isForced), Loss(facts, losesNothing, now))
        {
            ClockAhead = facts.WholeAt - facts.RecoveryPoint?.TakenAt ?? TimeSpan.Zero,
            MoreAdvancedSite = losesNothing ? null : facts.Ahead?.Site,
            WritesBehind = losesNothing ? null : Own(facts) is { } own ? facts.Ahead?.WritesAhead(own) : null,
            SecondsBehind = losesNothing ? null : Own(facts) is { } same ? facts.Ahead?.SecondsAhead(same) : null,
        };
    }

    private static CopyStanding? Own(PromotionFacts facts) => facts.Copies.FirstOrDefault(c => c.Site == facts.ToSite);

    /// <summary>By how much the copy is behind the most advanced one; empty when it is that one.</summary>
    private static string Behind(PromotionFacts facts)
    {
        if (facts.Ahead is not { } ahead || Own(facts) is not { } own)
        {
            return "";
        }

        var writes = ahead.WritesAhead(own) is { } count ? $"{count} writes" : "a generation";
        var seconds = ahead.SecondsAhead(own) is { } span ? string.Create(CultureInfo.InvariantCulture, $" and {span:0.0} s") : "";
        return $" It is {writes}{seconds} behind the copy at site {ahead.Name}, {(ahead.IsReached ? "which is reached and can be promoted instead" : "which is not reached now")}.";
    }

    private static Refusal? Check(PromotionFacts facts, bool isForced)
    {
        var current = facts.Primary.Current;
        if (!facts.Primary.IsSplitBrain && current.Site == facts.ToSite)
        {
            return Refusal.State($"Site {facts.ToName} is the primary of volume {facts.VolumeId} already, in generation {current.Number}.");
        }

        if (facts.Unfit is { } unfit)
        {
            return unfit;
        }

        if (!facts.IsWhole)
        {
            return Refusal.State(
                $"The copy of volume {facts.VolumeId} at site {facts.ToName} has no whole recovery point.",
                "Wait until its first copy is complete, or promote another copy.");
        }

        if (facts.Primary.IsSplitBrain)
        {
            return isForced ? null : Refusal.State(
                $"Generation {current.Number} of volume {facts.VolumeId} was promoted at more than one site.",
                "Promote the copy to keep by force; the other is kept as a snapshot when it follows.");
        }

        if (current.IsDemoted)
        {
            return isForced || facts.Number is null || facts.Number >= current.ForkNumber ? null : Refusal.State(
                $"The copy at site {facts.ToName} stands at number {facts.Number}, and the volume was demoted at {current.ForkNumber}.",
                "Promote the copy that has everything, or promote this one by force.");
        }

        if (facts.IsPrimaryConnected)
        {
            return Refusal.State(
                $"Site {facts.FromName}, the primary of volume {facts.VolumeId}, is alive and connected{(facts.Via is null ? "" : $" through site {facts.Via}")}.",
                "Fail over without force: that drains the primary, loses nothing, and can be aborted.");
        }

        return isForced ? null : Refusal.State(
            $"Site {facts.FromName}, the primary of volume {facts.VolumeId}, never said that it stopped.",
            "Demote it first, or fail over by force when it is lost.");
    }

    private static string Loss(PromotionFacts facts, bool losesNothing, DateTimeOffset now)
    {
        if (losesNothing)
        {
            return "Nothing is lost: the primary stopped, and the copy has everything.";
        }

        var time = facts is { RecoveryPoint: { } point, WholeAt: { } at }
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"What was written since {at:yyyy-MM-dd HH:mm:ss.fff}Z may be lost, {Math.Max(0, (now - at).TotalSeconds):0.0} s ago{(point.TakenAtHere is null ? " by the clocks of both sites" : "")} (write {point.Number} of generation {point.Generation})")
            : "What was written since this copy was last primary may be lost; since when is not known";
        var owed = facts.OwedBytes is { } bytes
            ? string.Create(CultureInfo.InvariantCulture, $"; at least {bytes} bytes were owed when the primary was last heard")
            : "; how much the primary owed is not known";
        return time + owed + "." + (facts.Flushes is { } flushes ? $" {flushes}" : "") + Behind(facts);
    }
}
