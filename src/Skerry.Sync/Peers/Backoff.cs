namespace Skerry.Sync.Peers;

/// <summary>Pauses between attempts: doubled from the least to the most, each jittered so that many sites do not dial in step.</summary>
public sealed class Backoff(TimeSpan least, TimeSpan most, Random random)
{
    private int _failures;

    /// <summary>The pause before the next attempt: between half of the current step and all of it.</summary>
    public TimeSpan Next()
    {
        // Beyond 2^20 the step is past any bound that makes sense, and the shift would overflow.
        var step = least * (1L << Math.Min(_failures, 20));
        _failures++;
        var bounded = step < most ? step : most;
        return bounded * (0.5 + (random.NextDouble() / 2));
    }

    public void Reset() => _failures = 0;
}
