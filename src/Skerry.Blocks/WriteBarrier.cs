using Skerry.Blocks.Log;

namespace Skerry.Blocks;

/// <summary>
/// One instant over several volumes, of one store or of several: while it lasts none of them numbers a write, so none is acknowledged
/// that was not numbered before.
/// </summary>
/// <remarks>
/// The invariant: of two writes to volumes of the barrier, the second issued after the first was acknowledged, whoever looks within
/// the barrier sees the first if he sees the second. A write is acknowledged only after it was numbered, and numbers are given in the
/// turn of a store's one writer; the barrier is the time for which one thread has the turn of every store at once.
/// </remarks>
public static class WriteBarrier
{
    /// <summary>
    /// Calls <paramref name="within"/> at one instant for all of the volumes: their lineages stand still meanwhile, taps can be marked,
    /// and snapshots that are begun (not awaited) there are all of this instant.
    /// </summary>
    /// <param name="volumes">Whose writes are held. Others of the same stores are held too.</param>
    /// <param name="limit">
    /// For how long writes may be held, all of it included but <paramref name="within"/> itself; with several stores, and one of them
    /// busy, it is given up rather than hold the others longer.
    /// </param>
    /// <param name="time">Measures the hold.</param>
    /// <param name="within">Quick and synchronous; it must neither wait nor read.</param>
    /// <returns>For how long writes were held; null when the limit passed first and nothing was called.</returns>
    public static TimeSpan? TryHold(IReadOnlyCollection<BlockVolume> volumes, TimeSpan limit, TimeProvider time, Action within)
    {
        // Two barriers over the same stores take the turns in one order, so neither waits for what the other has.
        LogWriter[] writers = [.. volumes.Select(volume => volume.Writer).Distinct().OrderBy(writer => writer.Position.StoreId)];
        var (held, began) = (0, 0L);
        TimeSpan? lasted = null;
        try
        {
            // Waiting for the first turn holds nobody up; from then on it does.
            while (held < writers.Length && writers[held].TryTakeTurn(held == 0 ? limit : Left(limit - time.GetElapsedTime(began))))
            {
                began = held++ == 0 ? time.GetTimestamp() : began;
            }

            if (held == writers.Length && held > 0)
            {
                within();
                lasted = time.GetElapsedTime(began);
            }
        }
        finally
        {
            for (var i = held - 1; i >= 0; i--)
            {
                writers[i].ReturnTurn();
            }

            // Only when all are free again: what one store has to write must not hold the others.
            foreach (var writer in writers.AsSpan(0, held))
            {
                writer.CarryOut();
            }
        }

        return lasted;
    }

    private static TimeSpan Left(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;
}
