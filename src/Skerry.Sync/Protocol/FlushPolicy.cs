namespace Skerry.Sync.Protocol;

/// <summary>What waits to be sent over one link.</summary>
/// <param name="Mutations">How many.</param>
/// <param name="HasUrgent">One of them must not wait.</param>
/// <param name="FillsBatch">They are as large as one batch may be.</param>
/// <param name="IsCatchingUp">They are older than the connection: the peer missed them while it was away.</param>
public readonly record struct Waiting(int Mutations, bool HasUrgent, bool FillsBatch, bool IsCatchingUp);

/// <summary>When what waits is sent.</summary>
/// <param name="IsNow">All of it, in order, at once.</param>
/// <param name="After">Else so much later, if nothing more urgent turns up; null when nothing waits.</param>
public readonly record struct FlushDecision(bool IsNow, TimeSpan? After)
{
    public static FlushDecision Now { get; } = new(true, null);

    public static FlushDecision Idle { get; } = new(false, null);
}

/// <summary>
/// Decides when a link flushes: at once for what is urgent, with everything before it, since an order of application has no gaps;
/// else when the time since the last flush reaches SYNC_DELTA, or SYNC_MAX mutations wait.
/// </summary>
public static class FlushPolicy
{
    public static FlushDecision Decide(in Waiting waiting, TimeSpan sinceLastFlush, SyncOptions options)
    {
        if (waiting.Mutations == 0)
        {
            return FlushDecision.Idle;
        }

        // A full batch goes too: what is held back for a flush would else have no bound in bytes.
        if (waiting.HasUrgent || waiting.IsCatchingUp || waiting.FillsBatch || waiting.Mutations >= options.SyncMax)
        {
            return FlushDecision.Now;
        }

        var left = options.SyncDelta - sinceLastFlush;
        return left <= TimeSpan.Zero ? FlushDecision.Now : new FlushDecision(false, left);
    }
}
