namespace Skerry.Blocks.Tool;

/// <summary>What scripts rely on; the same numbers as those of the command line of a site.</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>It failed, or a check found damage.</summary>
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotFound = 3;

    /// <summary>The state does not allow it: in use, there already, of a newer format.</summary>
    public const int Refused = 4;

    public static int Of(BlockError error) => error switch
    {
        BlockError.OutOfRange => Usage,
        BlockError.NotFound => NotFound,
        BlockError.Exists or BlockError.Refused or BlockError.ReadOnly or BlockError.Locked => Refused,
        _ => Failed,
    };
}

/// <summary>The command line is wrong; nothing was done.</summary>
internal sealed class UsageException(string message) : Exception(message);
