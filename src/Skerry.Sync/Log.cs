using Microsoft.Extensions.Logging;
using Skerry.State.Clocks;

namespace Skerry.Sync;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Link with {Name} ({Site}) is up over {Remote}.")]
    public static partial void LinkUp(ILogger logger, string name, SiteId site, string remote);

    [LoggerMessage(2, LogLevel.Information, "Link with {Name} ({Site}) is down: {Reason}")]
    public static partial void LinkDown(ILogger logger, string name, SiteId site, string reason);

    [LoggerMessage(3, LogLevel.Warning, "Site {Name} cannot be linked: {Reason}")]
    public static partial void LinkRefused(ILogger logger, string name, string reason);

    [LoggerMessage(4, LogLevel.Warning,
        "Refused a connection from {Remote}: its certificate with the fingerprint {Fingerprint} belongs to no site of this cloud. " +
        "If it is a site that should be here, invite it anew; else somebody is trying.")]
    public static partial void ForeignCertificate(ILogger logger, string remote, string fingerprint);

    [LoggerMessage(6, LogLevel.Error, "Link with {Name} failed.")]
    public static partial void LinkFault(ILogger logger, Exception exception, string name);

    [LoggerMessage(7, LogLevel.Information, "Took a snapshot of {Bytes} bytes from {Name}.")]
    public static partial void SnapshotJoined(ILogger logger, long bytes, string name);

    [LoggerMessage(8, LogLevel.Debug, "Dialling {Name} at {Address} failed; the next attempt is in {PauseSeconds:F1} s: {Reason}")]
    public static partial void DialFailed(ILogger logger, string name, string address, double pauseSeconds, string reason);
}
