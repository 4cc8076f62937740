namespace Skerry.Movers.Native;

/// <summary>
/// When the disk was in the state after a number, or in an earlier one: looks now and then at the clock, and then at the number.
/// Whatever was acknowledged before a look at the clock has at most the number that was read after it; so nothing depends on how
/// long a write is on its way through this process.
/// </summary>
/// <param name="time">The primary's clock.</param>
/// <param name="lastNumber">The last write acknowledged, or a later one.</param>
internal sealed class WrittenUpTo(TimeProvider time, Func<long> lastNumber)
{
    private const int MostLooks = 4096;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);

    private readonly Queue<(DateTimeOffset At, long Number)> _looks = new();
    private (DateTimeOffset At, long Number)? _reached;
    private long _looked;

    /// <summary>Costs a look at the clock when the last one was a moment ago, or when very many wait.</summary>
    public void Look()
    {
        if (_looks.Count < MostLooks && (_looked == 0 || time.GetElapsedTime(_looked) >= Pace))
        {
            _looked = time.GetTimestamp();
            var at = time.GetUtcNow();
            _looks.Enqueue((at, lastNumber()));
        }
    }

    /// <summary>The latest moment before which nothing after the number had been acknowledged; null when none is known.</summary>
    public DateTimeOffset? Until(long number)
    {
        var now = time.GetUtcNow();
        if (lastNumber() <= number)
        {
            _looks.Clear();
            _reached = (now, number);
            return now;
        }

        while (_looks.TryPeek(out var look) && look.Number <= number)
        {
            _reached = _looks.Dequeue();
        }

        return _reached is { } reached && reached.Number <= number ? reached.At : null;
    }
}
