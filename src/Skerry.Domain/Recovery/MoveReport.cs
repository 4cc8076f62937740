namespace Skerry.Domain.Recovery;

/// <summary>
/// A move of several volumes' primaries, and how far it has come: the result of its operation, written while it runs, so that it is
/// the progress, what a restart goes on from, and in the end the report.
/// </summary>
/// <param name="FromSite">The site that they leave, as a site id; empty when they leave several.</param>
/// <param name="ToSite">The site that they go to; empty when that differs by volume.</param>
/// <param name="IsForced">Whether the old primaries' consent was done without.</param>
/// <param name="CutId">The cut that all of a group return to; null outside of groups, and in planned moves, which lose nothing.</param>
/// <param name="StartedAt">By the clock of the site that drives it.</param>
/// <param name="EndedAt">Null while it runs.</param>
/// <param name="Volumes">In the order in which they are moved.</param>
public sealed record MoveReport(
    string FromSite, string ToSite, bool IsForced, string? CutId, DateTimeOffset StartedAt, DateTimeOffset? EndedAt,
    IReadOnlyList<MoveLine> Volumes)
{
    public bool IsOver => Volumes.All(v => v.IsOver);

    public int Count(string state) => Volumes.Count(v => v.State == state);

    /// <summary>The first few that failed, with the reason, in a sentence; null when none did.</summary>
    public string? Failures()
    {
        var failed = Volumes.Where(v => v.State == MoveLine.Failed).ToList();
        return failed.Count == 0
            ? null
            : $"{failed.Count} of {Volumes.Count} volumes were not moved: "
                + string.Join(" ", failed.Take(3).Select(v => $"{v.VolumeName ?? v.VolumeId}: {v.Reason}"))
                + (failed.Count > 3 ? $" (and {failed.Count - 3} more)" : "")
                + " What was moved stays; ask again to go on with the rest.";
    }
}

/// <summary>One volume of a move.</summary>
/// <param name="VolumeId">The volume.</param>
/// <param name="VolumeName">Its name when the move began.</param>
/// <param name="GroupId">The group that it moves with; null when alone.</param>
/// <param name="Step">Volumes of a step begin when all of lower steps are over.</param>
/// <param name="ToSite">Where to, as a site id.</param>
/// <param name="State">One of the words of this record.</param>
/// <param name="Reason">Why it failed, or was left out.</param>
public sealed record MoveLine(
    string VolumeId, string? VolumeName, string? GroupId, int Step, string ToSite, string State, string? Reason = null)
{
    public const string Waiting = "waiting";
    public const string Moving = "moving";
    public const string Done = "done";
    public const string Failed = "failed";
    public const string Skipped = "skipped";

    public bool IsOver => State is Done or Failed or Skipped;

    /// <summary>The operation that moves it, or its group.</summary>
    public string? OperationId { get; init; }

    /// <summary>The generation in which it is primary now.</summary>
    public long? Generation { get; init; }

    /// <summary>The write that generation forked at; of a group's volume before its move, the write at the group's cut.</summary>
    public long? Number { get; init; }

    /// <summary>How old the promoted state was, at most, by the clock of the site that promoted it: what may be lost. 0 for a planned move.</summary>
    public double? LossSeconds { get; init; }

    /// <summary>What may be lost, in a sentence.</summary>
    public string? Loss { get; init; }

    /// <summary>What the primary owed when it was last heard.</summary>
    public long? OwedBytes { get; init; }

    /// <summary>When its move began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>How long it took until it was writable, or failed.</summary>
    public double? Seconds { get; init; }
}
