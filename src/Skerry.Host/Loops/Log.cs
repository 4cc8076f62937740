namespace Skerry.Host.Loops;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Reconciler}: {Message}")]
    public static partial void Report(ILogger logger, string reconciler, string message);

    [LoggerMessage(2, LogLevel.Warning, "{Reconciler}: {Message}")]
    public static partial void Problem(ILogger logger, string reconciler, string message);

    [LoggerMessage(3, LogLevel.Error, "{Reconciler}: a step failed; again in {PauseSeconds} s")]
    public static partial void StepFailed(ILogger logger, Exception exception, string reconciler, double pauseSeconds);

    [LoggerMessage(4, LogLevel.Critical, "{Loop} ended by itself; the daemon stops")]
    public static partial void LoopEnded(ILogger logger, Exception? exception, string loop);

    [LoggerMessage(5, LogLevel.Error, "No change is taken: {Message}")]
    public static partial void StoreLost(ILogger logger, string message);

    [LoggerMessage(6, LogLevel.Information, "{Store} answers again, and changes are taken")]
    public static partial void StoreBack(ILogger logger, string store);

    [LoggerMessage(7, LogLevel.Warning, "{Store} was put back to an older copy; the {Mutations} changes that it lacked were written there again")]
    public static partial void StorePutBack(ILogger logger, string store, long mutations);
}
