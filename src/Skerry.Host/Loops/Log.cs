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
}
