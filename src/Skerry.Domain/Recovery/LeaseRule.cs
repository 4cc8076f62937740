namespace Skerry.Domain.Recovery;

/// <summary>How long a lease is at either side of it.</summary>
/// <remarks>
/// The primary stops when its own clock says that the length has passed since before it asked. The target, which granted later than
/// that, waits until the length has passed even on a clock that runs faster than the primary's by the allowed drift. So by the time
/// that the target promotes itself, the primary has stopped, whatever the link did with the messages between them.
/// </remarks>
public static class LeaseRule
{
    public static readonly TimeSpan DefaultLength = TimeSpan.FromSeconds(10);

    public static readonly TimeSpan LeastLength = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan MostLength = TimeSpan.FromMinutes(10);

    /// <summary>By how much of its speed one site's boot-time clock may be faster than the other's; real ones differ by less than 0.0005.</summary>
    public const double AllowedDrift = 0.05;

    /// <summary>What the target's clock must show since its last grant, or since it started.</summary>
    public static TimeSpan Wait(TimeSpan length) => length * (1 + AllowedDrift);
}
