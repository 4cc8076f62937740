namespace Skerry.Domain.Recovery;

/// <summary>
/// What a target remembers of the leases that it granted: only how long it has still to wait. Before its process started it may have
/// granted anything, so its start counts as a grant. Safe for concurrent use.
/// </summary>
/// <param name="clock">The target's.</param>
/// <param name="startedAt">On that clock, not before the process forgot what it had granted earlier.</param>
public sealed class GrantedLease(BootClock clock, TimeSpan startedAt)
{
    private readonly Lock _lock = new();
    private TimeSpan _lastAt = startedAt;
    private TimeSpan _longest;

    /// <summary>To be called before the grant is sent.</summary>
    public void Granting(TimeSpan length)
    {
        lock (_lock)
        {
            (_lastAt, _longest) = (clock.Now, length > _longest ? length : _longest);
        }
    }

    /// <summary>How long, on this site's clock, a primary may still acknowledge; zero when none can.</summary>
    /// <param name="recorded">The longest lease that the record beside the volume allows to have been granted before the start.</param>
    public TimeSpan Left(TimeSpan recorded)
    {
        lock (_lock)
        {
            var left = _lastAt + LeaseRule.Wait(recorded > _longest ? recorded : _longest) - clock.Now;
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }
}
