namespace Skerry.Movers.Native;

/// <summary>How many bytes each second a link may carry for transfers, by the time of day at this site.</summary>
/// <param name="Windows">The first one that the time is in counts.</param>
/// <param name="ElseBytesPerSecond">At all other times; null for no limit.</param>
public sealed record BandwidthPlan(IReadOnlyList<BandwidthWindow> Windows, long? ElseBytesPerSecond)
{
    public static BandwidthPlan Unlimited { get; } = new([], null);

    /// <summary>Null for no limit.</summary>
    public long? At(TimeOnly time)
    {
        foreach (var window in Windows)
        {
            if (window.Holds(time))
            {
                return window.BytesPerSecond;
            }
        }

        return ElseBytesPerSecond;
    }
}

/// <summary>A time of day, each day; one that ends before it begins goes over midnight, and one that ends when it begins is the whole day.</summary>
/// <param name="From">Its first moment.</param>
/// <param name="To">The first moment after it.</param>
/// <param name="BytesPerSecond">Null for no limit.</param>
public readonly record struct BandwidthWindow(TimeOnly From, TimeOnly To, long? BytesPerSecond)
{
    public bool Holds(TimeOnly time) => From == To || time.IsBetween(From, To);
}
