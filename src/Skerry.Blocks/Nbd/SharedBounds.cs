namespace Skerry.Blocks.Nbd;

/// <summary>
/// What one connection's requests wait for that other connections draw on too: the volume's rate, and memory for large payloads.
/// Used by the receiving thread alone, but for <see cref="ByteBudget.Return"/>.
/// </summary>
internal sealed class SharedBounds(NbdLimiter? limiter, ByteBudget budget, TimeProvider time, CancellationToken cut)
{
    /// <summary>A change of limits, a stop and room for a payload are noticed this often.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan RoomWait = TimeSpan.FromMilliseconds(2);

    /// <summary>What a payload takes of the budget; small ones lie in slabs, and each connection's own bounds suffice.</summary>
    public static long BudgetBytes(long heldBytes) => heldBytes > Slab.LargestShareBytes ? heldBytes : 0;

    /// <summary>False where <see cref="Await"/> has nothing to do.</summary>
    public bool Concern(long heldBytes) => heldBytes > Slab.LargestShareBytes || limiter is { IsLimiting: true };

    /// <summary>
    /// Waits for the request's share, and takes it. False, with nothing taken of the budget, when the connection ends meanwhile.
    /// </summary>
    /// <param name="header">The request.</param>
    /// <param name="heldBytes">Its payload, either way.</param>
    /// <param name="beforeWaiting">Sees to what nobody else would while this thread waits; says whether to go on.</param>
    public bool Await(in RequestHeader header, long heldBytes, Func<bool> beforeWaiting)
    {
        bool isWrite = header.Command is Command.Write or Command.Trim or Command.WriteZeroes;
        if (isWrite || header.Command == Command.Read)
        {
            while (limiter is { IsLimiting: true } && !limiter.TryTake(isWrite, heldBytes, out TimeSpan wait))
            {
                if (!beforeWaiting() || !Wait(wait))
                {
                    return false;
                }
            }
        }

        long budgetBytes = BudgetBytes(heldBytes);
        while (budgetBytes > 0 && !budget.TryTake(this, budgetBytes))
        {
            if (!beforeWaiting() || !Wait(RoomWait))
            {
                budget.Leave(this);
                return false;
            }
        }

        return true;
    }

    /// <summary>In whole milliseconds, upwards: timers know no parts of them, and a wait cut to nothing would be a loop.</summary>
    private bool Wait(TimeSpan wait)
    {
        try
        {
            Task.Delay(wait < LongestWait ? TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)) : LongestWait, time, cut).GetAwaiter().GetResult();
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
