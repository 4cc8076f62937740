using Skerry.State;

namespace Skerry.Domain.Replication;

/// <summary>
/// How often a side writes what it has to say: news at once and urgently; numbers that move, each second; that nothing has changed,
/// twice a minute, so that the age of what is known stays small without a growing log.
/// </summary>
internal sealed class StatusPace<T>(TimeProvider time)
{
    private static readonly TimeSpan Moving = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Still = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, long> _writtenAt = new(StringComparer.Ordinal);

    public bool IsDue(string id, bool isNews, bool isMoving)
    {
        var isDue = isNews || !_writtenAt.TryGetValue(id, out var at) || time.GetElapsedTime(at) >= (isMoving ? Moving : Still);
        if (isDue)
        {
            _writtenAt[id] = time.GetTimestamp();
        }

        return isDue;
    }

    public async ValueTask WriteAsync(
        SiteContext site, Actor actor, bool isNews, Action<ITransaction> write, CancellationToken cancellationToken)
    {
        if (!isNews)
        {
            await site.MeasureAsync(actor, write, cancellationToken);
            return;
        }

        await site.DecideAsync(
            actor,
            transaction =>
            {
                write(transaction);
                return default(Unit);
            },
            cancellationToken);
    }
}
