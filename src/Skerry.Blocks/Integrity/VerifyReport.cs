namespace Skerry.Blocks.Integrity;

/// <summary>What a scrub's pass or a check of a volume found.</summary>
/// <param name="StartedAt">When it began.</param>
/// <param name="FinishedAt">When it ended.</param>
/// <param name="VerifiedBytes">Live bytes that were read, each place once.</param>
/// <param name="BadBytes">Bytes of ranges that could not be read as they were written, of the head and of each snapshot.</param>
/// <param name="HealedBytes">Of these, what has been put back.</param>
/// <param name="Findings">The ranges.</param>
/// <param name="FindingsLeftOut">How many more there were than are listed.</param>
public sealed record VerifyReport(
    DateTimeOffset StartedAt, DateTimeOffset FinishedAt, long VerifiedBytes, long BadBytes, long HealedBytes, IReadOnlyList<IntegrityFinding> Findings,
    long FindingsLeftOut);
