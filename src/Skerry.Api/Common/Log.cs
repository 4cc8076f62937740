using Microsoft.Extensions.Logging;

namespace Skerry.Api.Common;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed ({RequestId})")]
    public static partial void RequestFailed(ILogger logger, Exception exception, string method, string path, string requestId);

    [LoggerMessage(2, LogLevel.Warning, "{Method} {Path} was not acknowledged ({RequestId}): {Reason}")]
    public static partial void NotDurable(ILogger logger, string method, string path, string requestId, string reason);
}
