using Skerry.Domain.Volumes;

namespace Skerry.Domain.Operations;

/// <summary>Why an operation that is queued does not begin. Read off the state, so that every site says the same.</summary>
internal static class OperationGates
{
    /// <summary>What it waits for, with what to do; null when nothing holds it.</summary>
    public static string? ReasonToWait(StateView state, Operation operation)
    {
        if (operation.Status != OperationStatus.Queued)
        {
            return null;
        }

        if (Capabilities.Missing(state, operation.TargetSite, operation.Needs) is { Count: > 0 } missing)
        {
            var target = state.Find(EntityKinds.Site, operation.TargetSite);
            return $"Site {target?.Text("name") ?? operation.TargetSite} runs version {target?.Text("version") ?? "unknown"}, which does not understand {string.Join(", ", missing)}. It begins when that site is upgraded.";
        }

        return SeenByDelete.ReasonToWait(state, operation);
    }
}
