namespace Skerry.Movers.Tests.Native.Disasters;

/// <summary>A clock that is wrong by so much, and ticks at the right pace.</summary>
internal sealed class ShiftedTime(TimeSpan by) : TimeProvider
{
    public TimeSpan By => by;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + by;
}
