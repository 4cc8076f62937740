namespace Skerry.Domain;

/// <summary>
/// A named moment in a protocol, where a proof may kill the process, cut the power or a link, or wait. Whoever adds a step to a
/// protocol names it, and the proof fails when it never got there.
/// </summary>
/// <remarks>While nobody listens a moment costs one comparison. Static, because it is about the process: a setting ends the daemon at one.</remarks>
public static class FailPoint
{
    private static Func<string, object, ValueTask>? s_listener;

    /// <summary>
    /// Told of each moment with its name and the object at work, a volume or a site; what it returns is awaited, and what it throws
    /// goes through the protocol as a fault of its own would. Null (the default) when nobody listens.
    /// </summary>
    public static Func<string, object, ValueTask>? Listener
    {
        get => Volatile.Read(ref s_listener);
        set => Volatile.Write(ref s_listener, value);
    }

    /// <param name="moment">Its name, in lower case with dots and dashes.</param>
    /// <param name="at">What the step works on.</param>
    public static ValueTask ReachAsync(string moment, object at) => Listener is { } listener ? listener(moment, at) : ValueTask.CompletedTask;
}
