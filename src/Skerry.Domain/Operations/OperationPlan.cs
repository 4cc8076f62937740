using Skerry.State.Merging;

namespace Skerry.Domain.Operations;

/// <summary>What to do with the operations that target a site: a pure decision.</summary>
/// <param name="Begin">To be begun now, the most urgent first; each on an entity of its own.</param>
/// <param name="Drop">To be ended without beginning, with the status and the reason.</param>
/// <param name="NextDeadline">When the next of those that wait expires.</param>
/// <param name="IsHolding">Whether one that could begin is held by something that is no operation.</param>
internal sealed record OperationPlan(
    IReadOnlyList<Operation> Begin, IReadOnlyList<DroppedOperation> Drop, DateTimeOffset? NextDeadline, bool IsHolding)
{
    /// <param name="queued">The site's queued operations.</param>
    /// <param name="busy">Entities on which one is under way.</param>
    /// <param name="find">Any operation by id; null when it is not known.</param>
    /// <param name="freeSlots">How many may be begun.</param>
    /// <param name="now">The time to judge deadlines by.</param>
    /// <param name="freeUrgentSlots">How many may be begun of those that are urgent, which take no other slots.</param>
    /// <param name="isUrgent">Which are; null for none.</param>
    /// <param name="isHeld">Which must wait though nothing of the above holds them; null for none.</param>
    public static OperationPlan Of(
        IEnumerable<Operation> queued,
        IReadOnlySet<EntityKey> busy,
        Func<string, Operation?> find,
        int freeSlots,
        DateTimeOffset now,
        int freeUrgentSlots = 0,
        Func<Operation, bool>? isUrgent = null,
        Func<Operation, bool>? isHeld = null)
    {
        var isHolding = false;
        var begin = new List<Operation>();
        var drop = new List<DroppedOperation>();
        DateTimeOffset? nextDeadline = null;
        var taken = new HashSet<EntityKey>(busy);
        var inOrder = queued.OrderByDescending(o => o.Priority).ThenBy(o => o.MadeAt).ThenBy(o => o.Id, StringComparer.Ordinal);
        foreach (var operation in inOrder)
        {
            if (Pointless(operation, find, now) is { } end)
            {
                drop.Add(end);
            }
            else if ((IsUrgent(operation) ? freeUrgentSlots : freeSlots) > 0 && IsReady(operation, find) && !IsHeld(operation)
                && taken.Add(operation.Entity))
            {
                begin.Add(operation);
                _ = IsUrgent(operation) ? freeUrgentSlots-- : freeSlots--;
            }
            else if (operation.Deadline is { } deadline && (nextDeadline is null || deadline < nextDeadline))
            {
                nextDeadline = deadline;
            }
        }

        return new OperationPlan(begin, drop, nextDeadline, isHolding);

        bool IsHeld(Operation operation)
        {
            var held = isHeld?.Invoke(operation) ?? false;
            isHolding |= held;
            return held;
        }

        bool IsUrgent(Operation operation) => isUrgent?.Invoke(operation) ?? false;
    }

    private static DroppedOperation? Pointless(Operation operation, Func<string, Operation?> find, DateTimeOffset now)
    {
        if (operation.CancelRequested)
        {
            return new DroppedOperation(operation, OperationStatus.Cancelled, "It was cancelled before it began.");
        }

        if (operation.Deadline <= now)
        {
            return new DroppedOperation(
                operation,
                OperationStatus.Expired,
                $"Its deadline {Instants.ToField(operation.Deadline.Value)} passed before this site could begin it. Ask again if it is still wanted.");
        }

        foreach (var id in operation.DependsOn)
        {
            var needed = find(id);
            if (needed is null)
            {
                return new DroppedOperation(
                    operation, OperationStatus.Discarded, $"It depends on operation {id}, which is not known here any more.");
            }

            if (needed.IsFinished && needed.Status != OperationStatus.Succeeded)
            {
                var why = needed.Reason is null ? "" : $": {needed.Reason}";
                return new DroppedOperation(
                    operation,
                    OperationStatus.Discarded,
                    $"It depends on operation {id} ({needed.Kind}), which ended as {OperationEntity.Word(needed.Status)}{why}");
            }
        }

        return null;
    }

    private static bool IsReady(Operation operation, Func<string, Operation?> find) =>
        operation.DependsOn.All(id => find(id) is { Status: OperationStatus.Succeeded })
        && operation.After.All(id => find(id) is not { IsFinished: false });
}

/// <summary>An operation that ends without having begun.</summary>
internal readonly record struct DroppedOperation(Operation Operation, OperationStatus Status, string Reason);
