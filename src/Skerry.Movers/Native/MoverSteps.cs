using Skerry.Domain;

namespace Skerry.Movers.Native;

/// <summary>The moments of the native mover's protocol, as <see cref="FailPoint"/> names them. What is named was just done.</summary>
public static class MoverSteps
{
    // The source, in the order of a link's life.
    public const string HelloSent = "source.hello-sent";
    public const string StateHeard = "source.state-heard";
    public const string SnapshotTaken = "source.snapshot-taken";
    public const string BeginSent = "source.begin-sent";
    public const string ReadyHeard = "source.ready-heard";
    public const string BlocksSent = "source.blocks-sent";
    public const string HoleSent = "source.hole-sent";
    public const string DigestsSent = "source.digests-sent";
    public const string DiffersHeard = "source.differs-heard";
    public const string PassedSent = "source.passed-sent";
    public const string EndSent = "source.end-sent";
    public const string EndHeard = "source.end-heard";
    public const string SnapshotDropped = "source.snapshot-dropped";
    public const string WritesSent = "source.writes-sent";
    public const string ExtendSent = "source.extend-sent";
    public const string MarkSent = "source.mark-sent";
    public const string AckHeard = "source.ack-heard";
    public const string AskSent = "source.ask-sent";
    public const string SnapshotFlushed = "source.snapshot-flushed";
    public const string MakeSnapshotSent = "source.make-snapshot-sent";

    // The source, for acknowledgements and leases.
    public const string FlushAskSent = "source.flush-ask-sent";
    public const string LocalOnlyNoted = "source.local-only-noted";
    public const string LocalOnlyCleared = "source.local-only-cleared";
    public const string LeaseBound = "source.lease-bound";
    public const string LeaseAskSent = "source.lease-ask-sent";
    public const string LeaseGrantHeard = "source.lease-grant-heard";
    public const string LeaseReleaseSent = "source.lease-release-sent";
    public const string LeaseReleasedHeard = "source.lease-released-heard";
    public const string LeaseUnbound = "source.lease-unbound";

    // The replica.
    public const string HelloHeard = "replica.hello-heard";
    public const string StateSent = "replica.state-sent";
    public const string DivergedKept = "replica.diverged-kept";
    public const string DivergedTold = "replica.diverged-told";
    public const string RecoverySnapshotTaken = "replica.recovery-snapshot-taken";
    public const string CatchUpBegun = "replica.catch-up-begun";
    public const string ReadySent = "replica.ready-sent";
    public const string BlocksPut = "replica.blocks-put";
    public const string HolePut = "replica.hole-put";
    public const string DigestsCompared = "replica.digests-compared";
    public const string CursorFlushed = "replica.cursor-flushed";
    public const string CursorSaved = "replica.cursor-saved";
    public const string LineageAdopted = "replica.lineage-adopted";
    public const string PointSaved = "replica.point-saved";
    public const string RecoverySnapshotDropped = "replica.recovery-snapshot-dropped";
    public const string CatchUpEnded = "replica.catch-up-ended";
    public const string CatchUpVoided = "replica.catch-up-voided";
    public const string HeadReverted = "replica.head-reverted";
    public const string WritesApplied = "replica.writes-applied";
    public const string Extended = "replica.extended";
    public const string MarkHeard = "replica.mark-heard";
    public const string Flushed = "replica.flushed";
    public const string AckSent = "replica.ack-sent";
    public const string AskHeard = "replica.ask-heard";
    public const string ChangedSent = "replica.changed-sent";
    public const string SnapshotMade = "replica.snapshot-made";
    public const string Settled = "replica.settled";
    public const string Cloned = "replica.cloned";
    public const string FlushAskHeard = "replica.flush-ask-heard";
    public const string LeaseAskHeard = "replica.lease-ask-heard";
    public const string LeaseRecorded = "replica.lease-recorded";
    public const string LeaseGrantSent = "replica.lease-grant-sent";
    public const string LeaseForgotten = "replica.lease-forgotten";
    public const string LeaseReleasedSent = "replica.lease-released-sent";
}
