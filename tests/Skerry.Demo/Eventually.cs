using System.Diagnostics;

namespace Skerry.Demo;

/// <summary>Waits for what must come true within a bound; the message says what did not.</summary>
public static class Eventually
{
    public static Task TrueAsync(string what, TimeSpan within, Func<Task<bool>> probe, CancellationToken cancellationToken) =>
        BecomesAsync(what, within, async () => await probe() ? "yes" : null, cancellationToken);

    /// <summary>Probes until there is a value, and returns it.</summary>
    public static async Task<T> BecomesAsync<T>(
        string what, TimeSpan within, Func<Task<T?>> probe, CancellationToken cancellationToken)
        where T : class
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await probe() is { } value)
            {
                return value;
            }

            if (Stopwatch.GetElapsedTime(started) > within)
            {
                throw new TimeoutException($"not within {within.TotalSeconds:0} s: {what}");
            }

            await Task.Delay(100, cancellationToken);
        }
    }
}
