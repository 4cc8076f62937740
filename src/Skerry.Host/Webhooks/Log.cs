namespace Skerry.Host.Webhooks;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Webhook {Endpoint} is not told of events: {Trouble}; it is tried again")]
    public static partial void WebhookTrouble(ILogger logger, string endpoint, string trouble);

    [LoggerMessage(2, LogLevel.Information, "Webhook {Endpoint} is told of events again")]
    public static partial void WebhookGoesOn(ILogger logger, string endpoint);

    [LoggerMessage(3, LogLevel.Warning, "Webhook {Endpoint} answered 410: it is told nothing more until the daemon starts anew. Take its section out of the configuration, or correct its url")]
    public static partial void WebhookGone(ILogger logger, string endpoint);

    [LoggerMessage(4, LogLevel.Error, "Webhook {Endpoint} missed {Lost} events at most: the journal dropped them before they were taken. skerry event list shows those that are kept")]
    public static partial void WebhookLost(ILogger logger, string endpoint, long lost);

    [LoggerMessage(5, LogLevel.Error, "Webhook {Endpoint} ended by a fault and is told nothing more until the daemon starts anew")]
    public static partial void WebhookFault(ILogger logger, Exception exception, string endpoint);
}
