namespace Skerry.Domain.Recovery;

/// <summary>The moments of a primary's way from site to site, as <see cref="FailPoint"/> names them. What is named was just done.</summary>
public static class RecoveryMoments
{
    // A planned move: each stage was written, and nothing of it is done.
    public const string PreflightEntered = OfStage + FailoverStages.Preflight;
    public const string FinalSyncEntered = OfStage + FailoverStages.FinalSync;
    public const string DrainEntered = OfStage + FailoverStages.Drain;
    public const string LastSyncEntered = OfStage + FailoverStages.LastSync;
    public const string VerifyEntered = OfStage + FailoverStages.Verify;
    public const string HandOverEntered = OfStage + FailoverStages.HandOver;

    /// <summary>Together with the generation that names the successor.</summary>
    public const string PromoteEntered = OfStage + FailoverStages.Promote;

    public const string ReverseEntered = OfStage + FailoverStages.Reverse;
    public const string HoldCleared = "recovery.hold-cleared";

    // A promotion at the copy's own site.
    public const string LeaseOver = "recovery.lease-over";
    public const string GenerationWritten = "recovery.generation-written";
    public const string AutomaticAsked = "recovery.automatic-asked";

    // What follows from a generation, wherever it was written.
    public const string CopyGuarded = "recovery.copy-guarded";
    public const string Opened = "recovery.opened";
    public const string Fenced = "recovery.fenced";

    // A drill.
    public const string DrillOpened = "recovery.drill-opened";
    public const string DrillDropped = "recovery.drill-dropped";

    internal const string OfStage = "recovery.stage-";
}
