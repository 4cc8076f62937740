using Skerry.Client.Native;

namespace Skerry.Cli;

/// <summary>The command line's exit codes, which scripts rely on; the one place that decides them.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotFound = 3;

    /// <summary>The state, a conflict or a quota does not allow it.</summary>
    public const int Refused = 4;

    /// <summary>Nothing answered, or not in time.</summary>
    public const int Unreachable = 5;
    public const int NotAllowed = 6;

    public static int Of(Exception exception) => exception switch
    {
        UsageException or LoginException => Usage,
        UnreachableException or OutOfTimeException => Unreachable,
        NotFoundException => NotFound,
        RefusedException refused => OfKind(refused.Error.Kind),
        _ => Failed,
    };

    /// <summary>The kinds of refusal, as the wire names them.</summary>
    public static int OfKind(string kind) => kind switch
    {
        "invalid" => Usage,
        "not_found" => NotFound,
        "state" or "conflict" or "quota" => Refused,
        "unavailable" => Unreachable,
        "not_allowed" or "not_authenticated" => NotAllowed,
        _ => Failed,
    };
}
