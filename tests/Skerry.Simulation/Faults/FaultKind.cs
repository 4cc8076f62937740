namespace Skerry.Simulation.Faults;

/// <summary>The kinds of trouble. A run has some of them, drawn from its seed, so that each is met also without the others.</summary>
internal enum FaultKind
{
    /// <summary>One link breaks for a while.</summary>
    LinkCut,

    /// <summary>The sites fall into two parts.</summary>
    Halves,

    /// <summary>One site is alone.</summary>
    Island,

    /// <summary>A ring or mesh is cut at two links at once.</summary>
    TwoCuts,

    /// <summary>One direction of a link carries nothing, and nobody is told.</summary>
    OneWayLoss,

    /// <summary>Two connections between two sites at once: the same arrives twice.</summary>
    Duplicate,

    /// <summary>A link with long delays, so that what went another way is earlier.</summary>
    SlowLink,

    /// <summary>A link that carries few bytes a second.</summary>
    NarrowLink,

    /// <summary>A site's process dies.</summary>
    Crash,

    /// <summary>It dies in the middle of a write, which is lost.</summary>
    LostWrite,

    /// <summary>It dies after a write and before the answer.</summary>
    UnansweredWrite,

    /// <summary>A sync fails and leaves open what the disk holds.</summary>
    FailedSync,

    /// <summary>No room for a while.</summary>
    FullDisk,

    /// <summary>A wall clock jumps.</summary>
    ClockStep,

    /// <summary>A wall clock runs too fast or too slow.</summary>
    ClockDrift,

    /// <summary>Wall clocks that show few different times, so that stamps are the same.</summary>
    CoarseClock,

    /// <summary>A site is started on an older copy of its disk.</summary>
    RestoredDisk,

    /// <summary>A copy of a site's disk is started beside it.</summary>
    ClonedDisk,

    /// <summary>A new site reads the logs of its peers, or their snapshots where these are cut.</summary>
    NewSite,

    /// <summary>A new site takes a member's snapshot in place of its own first entities.</summary>
    AdoptedSite,

    /// <summary>A site is away for so long that its peers no longer keep what it lacks, and comes back.</summary>
    LongAway,

    /// <summary>Closed incarnations are taken out of the vectors; sometimes before all members have them whole, as a wrong belief would.</summary>
    Retirement,

    /// <summary>Logs are kept for peers only in part.</summary>
    LogCut,

    /// <summary>Sites of an older version: rules of fields and features that they do not know.</summary>
    OldVersion,
}
