namespace Skerry.Host.Wiring;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "NBD export {Export}: {What} failed")]
    public static partial void NbdFault(ILogger logger, Exception exception, string what, string? export);

    [LoggerMessage(8, LogLevel.Warning, "NBD client {Remote} was turned away{Export}: {Reason}.{More}")]
    public static partial void NbdTurnedAway(ILogger logger, string remote, string export, string reason, string more);

    [LoggerMessage(2, LogLevel.Information, "Site {Name} ({Site}) serves its API on {Listen}, sync on {SyncListen}, NBD on {NbdListen}")]
    public static partial void Serving(ILogger logger, string name, State.Clocks.SiteId site, Uri listen, System.Net.IPEndPoint syncListen, System.Net.IPEndPoint nbdListen);

    [LoggerMessage(9, LogLevel.Warning, "This daemon kills itself the {Times}. time that it comes to {Moment}, as [test] kill_at asks")]
    public static partial void KillsItself(ILogger logger, string moment, int times);

    [LoggerMessage(3, LogLevel.Information, "Site {Name} stops")]
    public static partial void Stopping(ILogger logger, string name);

    [LoggerMessage(Level = LogLevel.Error, Message = "Backend {Backend}: {Message} (healed: {IsHealed})")]
    public static partial void Damage(ILogger logger, string backend, string message, bool isHealed);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Command} fenced site {OldSite}, the primary of volume {VolumeId}, for operation {OperationId}")]
    public static partial void Fenced(ILogger logger, string command, string oldSite, string volumeId, string operationId);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Command} {What}, so site {OldSite}, the primary of volume {VolumeId}, is not fenced and the failover is refused: {Said}")]
    public static partial void NotFenced(ILogger logger, string command, string oldSite, string volumeId, string what, string said);
}
