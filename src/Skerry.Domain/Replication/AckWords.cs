namespace Skerry.Domain.Replication;

/// <summary>What the acknowledgement of a flush, or of a write that forces unit access, promises. Plain writes never wait for a replica.</summary>
public static class AckPolicies
{
    /// <summary>Durable at the primary.</summary>
    public const string Local = "local";

    /// <summary>Durable at the primary and at the replica.</summary>
    public const string Replica = "replica";

    public static IReadOnlyList<string> All { get; } = [Local, Replica];
}

/// <summary>What the primary does while its replica cannot be reached.</summary>
public static class IsolationPolicies
{
    /// <summary>It takes writes; flushes are acknowledged at the primary alone, and the status says so.</summary>
    public const string Continue = "continue";

    /// <summary>Writes and flushes wait. In force once the replica has been whole in the present generation.</summary>
    public const string Stop = "stop";

    public static IReadOnlyList<string> All { get; } = [Continue, Stop];
}

/// <summary>Who promotes the replica when the primary's site is lost.</summary>
public static class FailoverPolicies
{
    /// <summary>A person.</summary>
    public const string Manual = "manual";

    /// <summary>The replica's site, when it does not hear the primary's and the lease has run out.</summary>
    public const string Automatic = "automatic";

    public static IReadOnlyList<string> All { get; } = [Manual, Automatic];
}

/// <summary>The words for what an acknowledged flush promises at present.</summary>
public static class AckStates
{
    /// <summary>It is durable at both sites.</summary>
    public const string Both = "both";

    /// <summary>It is durable at the primary alone.</summary>
    public const string LocalOnly = "local-only";

    /// <summary>None is acknowledged: they wait for the replica.</summary>
    public const string Held = "held";
}
