namespace Skerry.Sync.Peers;

/// <summary>How the link with a peer stands.</summary>
public enum PeerHealth
{
    /// <summary>The peer was never heard since the daemon started.</summary>
    Unheard,

    /// <summary>A connection stands, and neither end owes the other anything that it should have by now.</summary>
    Live,

    /// <summary>A connection stands, and one of the two ends still catches up.</summary>
    CatchingUp,

    /// <summary>The connection broke a moment ago, and the peer may be back at once.</summary>
    Interrupted,

    /// <summary>Nothing was heard for longer than a few heartbeats.</summary>
    Silent,
}

/// <summary>Judges a link by what was heard of it, and by nothing else.</summary>
public static class PeerHealthRule
{
    /// <param name="isConnected">A greeted connection stands.</param>
    /// <param name="isCatchingUp">Its session says so.</param>
    /// <param name="silence">Since anything was last heard; null when nothing ever was.</param>
    /// <param name="deadAfter">How long a silence may be.</param>
    public static PeerHealth Judge(bool isConnected, bool isCatchingUp, TimeSpan? silence, TimeSpan deadAfter) => silence switch
    {
        null => PeerHealth.Unheard,
        { } quiet when quiet < deadAfter && isConnected && !isCatchingUp => PeerHealth.Live,

        // A connection that nothing is read from for so long is at work on what was read before, or it would have been given up.
        _ when isConnected => PeerHealth.CatchingUp,
        { } quiet => quiet < deadAfter ? PeerHealth.Interrupted : PeerHealth.Silent,
    };
}
