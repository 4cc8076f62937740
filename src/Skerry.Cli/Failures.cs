namespace Skerry.Cli;

/// <summary>The command line or its settings are wrong; nothing was asked of any site.</summary>
internal sealed class UsageException(string message, string? nextStep = null) : Exception(message)
{
    public string? NextStep { get; } = nextStep;
}

/// <summary>No thing has this name or id.</summary>
internal sealed class NotFoundException(string message, string? nextStep = null) : Exception(message)
{
    public string? NextStep { get; } = nextStep;
}

/// <summary>What was asked for was accepted, and did not come to be.</summary>
internal sealed class DidNotSucceedException(string message, string? nextStep = null) : Exception(message)
{
    public string? NextStep { get; } = nextStep;
}

/// <summary>The time of <c>--timeout</c> is over; what was asked for may still happen.</summary>
internal sealed class OutOfTimeException(string message, string nextStep) : Exception(message)
{
    public string NextStep { get; } = nextStep;
}
