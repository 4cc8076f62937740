namespace Skerry.Domain.Replication;

/// <summary>The status words of a replication. The first three are contracts; the rest always come with a reason and a next step.</summary>
public static class ReplicationWords
{
    /// <summary>This copy takes writes and ships them.</summary>
    public const string Primary = "active - primary";

    /// <summary>A replica that is catching up; what can be promoted is its last recovery point, if it has one.</summary>
    public const string Updating = "active - updating";

    /// <summary>A replica, whole at its last recovery point; an instant one while its lag is under its bound.</summary>
    public const string Secondary = "active - secondary";

    public const string Demoted = "demoted";
    public const string Diverged = "diverged";
    public const string Resyncing = "resyncing";
    public const string Paused = "paused";
    public const string Waiting = "waiting";
    public const string Disconnected = "disconnected";
    public const string Error = "error";
}

/// <summary>When a replica follows its source. Text as in the API and the command line.</summary>
public static class ReplicationModes
{
    /// <summary>Every write is streamed as it happens.</summary>
    public const string Instant = "instant";

    /// <summary>One snapshot is shipped, and that is all.</summary>
    public const string OneTime = "one-time";

    /// <summary>A snapshot is shipped from a start, at an interval.</summary>
    public const string Periodic = "periodic";

    public static IReadOnlyList<string> All { get; } = [Instant, OneTime, Periodic];
}

/// <summary>What a fenced old primary does when it comes back.</summary>
public static class ReturnPolicies
{
    /// <summary>It keeps what diverged as a snapshot and follows the new primary at once.</summary>
    public const string Resync = "resync";

    /// <summary>It waits for a person's <c>resync</c>.</summary>
    public const string Wait = "wait";

    public static IReadOnlyList<string> All { get; } = [Resync, Wait];
}
