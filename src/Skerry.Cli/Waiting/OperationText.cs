using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Waiting;

internal static class OperationText
{
    /// <summary>"volume.create at south: queued (waiting for the site)".</summary>
    public static string Line(OperationRecord operation) =>
        $"{operation.Kind} at {operation.TargetSite}: {operation.Status}{Stage(operation)}{(operation.Reason is null ? "" : $" ({operation.Reason})")}";

    private static string Stage(OperationRecord operation) =>
        operation is { IsOver: false, Progress: { } progress }
            ? $", stage {progress.Stage}{(progress.CanAbort ? $", can be aborted until {progress.AbortUntil}" : "")}"
            : "";
}
