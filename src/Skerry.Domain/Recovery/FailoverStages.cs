namespace Skerry.Domain.Recovery;

/// <summary>The stages of a planned move of a primary, as its operation shows them.</summary>
internal static class FailoverStages
{
    /// <summary>Whether it can be done at all: the roles, the writers, the replica.</summary>
    public const string Preflight = "preflight";

    /// <summary>The replica is brought near while the volume still takes writes.</summary>
    public const string FinalSync = "final-sync";

    /// <summary>Writers are stopped, and the run ends. From here to <see cref="Promote"/> nobody writes.</summary>
    public const string Drain = "drain";

    /// <summary>The replica gets the last write.</summary>
    public const string LastSync = "last-sync";

    /// <summary>The copy here is closed and has nothing that the replica does not have as durable.</summary>
    public const string Verify = "verify";

    /// <summary>The generation that names the successor is written: the last thing that can be kept from happening.</summary>
    public const string HandOver = "hand-over";

    /// <summary>It is written. The successor opens for writing.</summary>
    public const string Promote = "promote";

    /// <summary>The copy here follows the new primary.</summary>
    public const string Reverse = "reverse";

    /// <summary>Of a failover.</summary>
    public static IReadOnlyList<string> All { get; } = [Preflight, FinalSync, Drain, LastSync, Verify, HandOver, Promote, Reverse];

    /// <summary>Of a group: each is entered when all its volumes are that far.</summary>
    public static IReadOnlyList<string> OfGroup { get; } = [FinalSync, Drain, HandOver, Promote];

    /// <summary>Of a demotion, which has no successor; it is over when the generation is written.</summary>
    public static IReadOnlyList<string> OfDemotion { get; } = [Preflight, FinalSync, Drain, LastSync, Verify, HandOver];
}
