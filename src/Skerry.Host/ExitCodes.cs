namespace Skerry.Host;

/// <summary>What <c>skerryd</c> ends with.</summary>
internal static class ExitCodes
{
    /// <summary>Stopped as asked.</summary>
    public const int Done = 0;

    /// <summary>Could not start, or had to stop; standard error says why.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the configuration is wrong.</summary>
    public const int Usage = 2;
}
